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

def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def INDEX(stream; f): reduce stream as $row ({}; . + {($row | f | tostring): $row});
def INDEX(f): INDEX(.[]; f);
def JOIN($index; f): [.[] | [., $index[f]]];
def JOIN($index; stream; f): stream | [., $index[f]];
def JOIN($index; stream; f; join): stream | [., $index[f]] | join;

def @csv:
  [.[] | if isstring then "\"" + (. / "\"" | join("\"\"")) + "\""
         elif isarray or isobject then error("lists and objects can't be cells of CSV")
         else . end] | join(",");
def @tsv:
  [.[] | if isstring then
           . / "\\" | join("\\\\") / "\t" | join("\\t") / "\n" | join("\\n") / "\r" | join("\\r")
         elif isarray or isobject then error("lists and objects can't be cells of TSV")
         else . end] | join("\t");
