# Drops records that contain "dull" or have the level H3, and refuses those that contain "bad" or are no objects.
read -r hello
printf '%s\n' '{"protocol":1}'
while IFS= read -r line; do
  id=${line#*\"id\":}; id=${id%%,*}
  record=${line#*\"record\":}; record=${record%\}}
  case $record in
    *'"bad"'*) printf '%s\n' "{\"id\":$id,\"error\":\"it is bad\"}" ;;
    *'"dull"'*) printf '%s\n' "{\"id\":$id,\"drop\":\"it is dull\"}" ;;
    '{'*'"ai_impact_level":"H3"'*) printf '%s\n' "{\"id\":$id,\"drop\":\"its level is H3\"}" ;;
    '{'*) printf '%s\n' "{\"id\":$id,\"results\":[$record]}" ;;
    *) printf '%s\n' "{\"id\":$id,\"error\":\"the record is no object\"}" ;;
  esac
done
