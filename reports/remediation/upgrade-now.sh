@counts@
options='--apply, --no-protected-settings' stop_after=25
at='\u0040'
anew_query='@query@'

before_the_first_step() {
  [ "$apply" = yes ] && [ "$put_anew_steps" -gt 0 ] && [ "$no_protected_settings" = no ] || return 0
  printf '%s\n' "Nothing was done. $put_anew_steps of the $steps extensions would be put anew with all that Azure tells of" \
    'them, and protected settings it does not tell: they would be lost. Run it with --no-protected-settings too if you' \
    'know that none of these extensions has any; take the others out of the script.' >&2
  exit 2
}

# put_anew ADDRESS VERSION: read the extension, and put it again with all that was read and another version.
put_anew() {
  local before body query
  if [ "$apply" = no ]; then
    printf '  would read the settings, tags and all else of %s, and put it again with them and version %s\n' "$1" "$2"
    return
  fi
  query=${anew_query//VERSION/$2}
  before=$(read_kept "$1") || return 1
  body=$(rest --method get --url "$1" --query "$query" --output tsv) || return 1
  case $body in
    '{"location":'*) ;;
    *)
      complain 'The extension could not be read as it must be, so it was left alone.'
      return 1
      ;;
  esac
  # az would read a file in the place of what follows =@; in JSON the escape is the same.
  rest --method put --url "$1" --body "${body//@/$at}" --output none || return 1
  wait_for "$1" || return 1
  same "$1" "$before"
}

# upgrade_on_arc ADDRESS BODY EXTENSION: Arc's own upgrade, which leaves settings alone.
upgrade_on_arc() {
  local before
  if [ "$apply" = no ]; then
    printf '  would ask Azure Arc for %s, by a POST to %s\n' "$2" "$1"
    return
  fi
  before=$(read_kept "$3") || return 1
  rest --method post --url "$1" --body "$2" --output none || return 1
  wait_for "$3" || return 1
  same "$3" "$before"
}
