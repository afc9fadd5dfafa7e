@counts@
options='--apply' stop_after=1

# update_instance SUBSCRIPTION GROUP SCALE_SET INSTANCE
update_instance() {
  local argument
  for argument in "$@"; do
    case $argument in
      @*)
        complain 'az would take a name that begins with @ for a file: update this instance in the portal.'
        return 1
        ;;
    esac
  done
  if [ "$apply" = no ]; then
    printf '  would bring instance %q of %q up to the latest model\n' "$4" "$3"
    return
  fi
  az vmss update-instances --only-show-errors --subscription="$1" --resource-group="$2" --name="$3" \
    --instance-ids="$4" --output none
}

# update_behind SUBSCRIPTION GROUP SCALE_SET: every instance without the latest model, one after the other.
update_behind() {
  local behind instance
  case "$1 $2 $3" in
    @* | *' @'*)
      complain 'az would take a name that begins with @ for a file: update the instances in the portal.'
      return 1
      ;;
  esac
  if [ "$apply" = no ]; then
    printf '  would bring every instance of %q that is behind its model up to it, one after the other\n' "$3"
    return
  fi
  behind=$(az vmss list-instances --only-show-errors --subscription="$1" --resource-group="$2" --name="$3" \
    --query '[?latestModelApplied==`false`].instanceId' --output tsv) || return 1
  while IFS= read -r instance; do
    [ -n "$instance" ] || continue
    printf '  instance %q\n' "$instance"
    update_instance "$1" "$2" "$3" "$instance" </dev/null || return 1
  done <<<"${behind//$'\r'/}"
}
