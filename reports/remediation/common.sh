
set -u
export MSYS_NO_PATHCONV=1 # Git Bash would take addresses for paths of this computer

apply=no no_protected_settings=no number=0 failed=0 in_a_row=0
for option in "$@"; do
  case ", $options, " in
    *", $option, "*) ;;
    *)
      printf 'Nothing was done: %q is not an option. The options are: %s\n' "$option" "$options" >&2
      exit 2
      ;;
  esac
  case $option in
    --apply) apply=yes ;;
    --no-protected-settings) no_protected_settings=yes ;;
  esac
done

complain() { printf '  %s\n' "$1" >&2; }

# az prints on Windows with carriage returns.
rest() { local answer && answer=$(az rest --only-show-errors "$@") && printf '%s' "${answer//$'\r'/}"; }

# wait_for ADDRESS: until Azure has carried the change out; half an hour at the most.
wait_for() {
  local state tries
  for ((tries = 0; tries < 180; tries++)); do
    state=$(rest --method get --url "$1" --query properties.provisioningState --output tsv) || return 1
    case $state in
      Succeeded) return 0 ;;
      Failed | Canceled)
        complain "Azure took the change and could not carry it out ($state): look at the extension's status."
        return 1
        ;;
    esac
    sleep 10
  done
  complain "After half an hour it is not known what became of the change: look at the extension."
  return 1
}

# What a change must leave as it is.
kept='to_string([properties.publisher, properties.type, properties.settings, properties.autoUpgradeMinorVersion, tags])'
read_kept() { rest --method get --url "$1" --query "$kept" --output tsv; }

# same ADDRESS BEFORE: stops everything where something else was changed too.
same() {
  local after
  after=$(read_kept "$1") || return 1
  [ "$after" = "$2" ] && return 0
  complain "Settings or tags are not what they were before. Before: $2"
  complain "Now: $after"
  complain "No further row was touched. Put them back, and tell who wrote this script."
  exit 1
}

step() {
  local label=$1
  shift
  number=$((number + 1))
  printf '[%s/%s] %s\n' "$number" "$steps" "$label"
  if "$@"; then
    in_a_row=0
    return
  fi
  failed=$((failed + 1)) in_a_row=$((in_a_row + 1))
  if [ "$in_a_row" -ge "$stop_after" ]; then
    complain "Stopped after $in_a_row that failed one after the other. Not tried: $((steps - number))."
    exit 1
  fi
}

finish() {
  if [ "$apply" = no ]; then
    printf 'Nothing was changed: this was a dry run over %s. Run it with --apply to do it.\n' "$number"
    exit 0
  fi
  printf '%s done, %s failed.\n' "$((number - failed))" "$failed"
  [ "$failed" -eq 0 ]
  exit
}

if declare -F before_the_first_step >/dev/null; then before_the_first_step; fi
