# What jq users expect and jaq has not, or does otherwise.

def del(f): delpaths([path(f)]);
def halt_error: error;
def halt_error($exit_code): error;

def limit($n; f): if $n < 0 then error("limit doesn't support negative count") else limit_unchecked($n; f) end;
def skip($n; f): if $n < 0 then error("skip doesn't support negative count") else skip_unchecked($n; f) end;
def nth(n): .[n];
def nth($n; f): if $n < 0 then error("nth doesn't support negative indices") else first(skip($n; f)) end;
def ltrimstr($text):
  if ($text | isstring) and isstring then if startswith($text) then .[($text | length):] end
  else error("startswith() requires string inputs") end;
def rtrimstr($text):
  if ($text | isstring) and isstring then if $text != "" and endswith($text) then .[:-($text | length)] end
  else error("endswith() requires string inputs") end;

def test(re): test(re; null);
def match(re): match(re; null);
def capture(re): capture(re; null);
def scan(re): scan(re; null);
def splits(re): splits(re; null);
def split($separator):
  if isstring and ($separator | isstring) then . / $separator
  else error("split input and separator must be strings") end;
def sub(re; f): sub(re; f; null);
def gsub(re; f): gsub(re; f; null);

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
