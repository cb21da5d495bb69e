# What jq users expect and jaq has not, or does otherwise.

def del(f): delpaths([path(f)]);
def halt_error: error;
def halt_error($exit_code): error;

def toarray: if isarray then . else [.] end;
def trimstr($text): ltrimstr($text) | rtrimstr($text);
def ascii: [.] | implode;
def leaf_paths: paths(scalars);
def have_literal_numbers: true;
def have_decnum: false;

# A null joins as nothing, as in jq.
def join($separator):
  reduce .[] as $item (null;
    (if . == null then "" else . + $separator end)
    + ($item | if . == null then "" elif isboolean or isnumber then tojson else . end)) // "";

# Keys may be called `k`, `name`, `Name`, `K` or `Key`, as in jq, and need not be texts.
def from_entries:
  reduce .[] as $entry ({};
    . + { ($entry | (if .key == null then .k // .name // .Name // .K // .Key else .key end)
          | if isstring then . else tojson end):
          ($entry | if has("value") then .value elif has("v") then .v else .Value end) });
def with_entries(f): to_entries | map(f) | from_entries;

def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def INDEX(stream; f): reduce stream as $row ({}; . + {($row | f | tostring): $row});
def INDEX(f): INDEX(.[]; f);
def JOIN($index; f): [.[] | [., $index[f]]];
def JOIN($index; stream; f): stream | [., $index[f]];
def JOIN($index; stream; f; join): stream | [., $index[f]] | join;

def @csv:
  [.[] | if isstring then "\"" + gsub("\""; "\"\"") + "\""
         elif . == null then ""
         elif isboolean or isnumber then tojson
         else error("lists and objects can't be cells of CSV") end] | join(",");
def @tsv:
  [.[] | if isstring then gsub("\\\\"; "\\\\") | gsub("\t"; "\\t") | gsub("\n"; "\\n") | gsub("\r"; "\\r")
         elif . == null then ""
         elif isboolean or isnumber then tojson
         else error("lists and objects can't be cells of TSV") end] | join("\t");
