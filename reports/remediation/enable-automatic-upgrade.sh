@counts@
options='--apply' stop_after=25

enable_upgrade() {
  local before now
  if [ "$apply" = no ]; then
    printf '  would set enableAutomaticUpgrade to true, by a PATCH of %s\n' "$1"
    return
  fi
  before=$(read_kept "$1") || return 1
  rest --method patch --url "$1" --body '{"properties":{"enableAutomaticUpgrade":true}}' --output none || return 1
  wait_for "$1" || return 1
  same "$1" "$before" || return 1
  now=$(rest --method get --url "$1" --query 'to_string(properties.enableAutomaticUpgrade)' --output tsv) || return 1
  [ "$now" = true ] && return
  complain "Azure took the change, and enableAutomaticUpgrade is still not true ($now)."
  return 1
}
