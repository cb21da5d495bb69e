# The functions of jq that are defined in jq.

def not: if . then false else true end;
def select(f): if f then . else empty end;
def error(message): message | error;
def map(f): [.[] | f];
def map_values(f): .[] |= f;
def recurse(f): def rec: ., (f | rec); rec;
def recurse: ..;
def recurse(f; condition): def rec: ., (f | select(condition) | rec); rec;
def repeat(f): def rec: f, rec; rec;
def while(condition; update): def rec: if condition then ., (update | rec) else empty end; rec;
def until(condition; update): def rec: if condition then . else update | rec end; rec;
def range($to): range(0; $to; 1);
def range($from; $to): range($from; $to; 1);
def nth($n): .[$n];
def nth($n; f): if $n < 0 then error("nth doesn't support negative indices") else first(skip($n; f)) end;
def first: .[0];
def last: .[-1];
def isempty(f): first((f | false), true);
def any(f; condition): isempty(first(f | condition or empty)) | not;
def any(condition): any(.[]; condition);
def any: any(.[]; .);
def all(f; condition): isempty(first(f | condition and empty));
def all(condition): all(.[]; condition);
def all: all(.[]; .);
def in(object): . as $key | object | has($key);
def inside(whole): . as $part | whole | contains($part);
def add(f): reduce f as $x (null; . + $x);
def add: add(.[]);

def abs: if type == "number" and . < 0 then -. else . end;
def isfinite: type == "number" and (isinfinite | not);
def values: select(. != null);
def nulls: select(. == null);
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def finites: select(isinfinite or isnan | not);
def normals: select(isnormal);
def strings: select(type == "string");
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type | . == "array" or . == "object");
def scalars: select(type | . != "array" and . != "object");
def toarray: if type == "array" then . else [.] end;

def paths: path(..) | select(length > 0);
def paths(f): path(.. | select(f)) | select(length > 0);
def leaf_paths: paths(scalars);
def del(f): delpaths([path(f)]);
def pick(f): . as $whole | reduce path(f) as $path (null; setpath($path; $whole | getpath($path)));
def to_entries: [keys_unsorted[] as $key | {$key, value: .[$key]}];
def with_entries(f): to_entries | map(f) | from_entries;
def tostream:
  . as $whole | path(def rec: (.[]? | rec), .; rec) as $path
  | $whole | getpath($path) | reduce path(.[]?) as $child ([$path, .]; [$path + $child]);
def fromstream(f): foreach f as $event ([null, true];
  if .[1] then [null, true] end
  | if $event | length > 1
    then .[1] = ($event[0] == []) | setpath([0] + $event[0]; $event[1])
    else .[1] = ($event[0] | length < 2) end;
  if .[1] then .[0] else empty end);
def truncate_stream(f): . as $depth | null | f | select(.[0] | length > $depth) | .[0] |= .[$depth:];

def sort_by(f): _sort_by(map([f]));
def group_by(f): _group_by(map([f]));
def unique_by(f): [group_by(f)[] | .[0]];
def min_by(f): _min_by(map([f]));
def max_by(f): _max_by(map([f]));
def flatten($depth): if $depth < 0 then error("flatten depth must not be negative") else _flatten($depth) end;
def flatten: _flatten(-1);
def transpose: [range(0; map(length) | max // 0) as $i | [.[][$i]]];
def combinations: reduce .[] as $items ([[]]; [.[] as $start | $items[] as $item | $start + [$item]]) | .[];
def combinations($n): . as $set | [range($n) | $set] | combinations;
def indices($part):
  if . == null then null
  elif type == "string" and ($part | type) == "string" then _strindices($part)
  elif type == "array" and ($part | type) != "array" then .[[$part]]
  else .[$part] end;
def index($part): indices($part) | .[0];
def rindex($part): indices($part) | .[-1:][0];
def ascii: [.] | implode;
def localtime: _localtime(_zone);
def strflocaltime($format): _strflocaltime($format; _zone);
def todate: strftime("%Y-%m-%dT%H:%M:%SZ");
def fromdate: fromdateiso8601;
def fromdateiso8601: strptime("%Y-%m-%dT%H:%M:%SZ") | mktime;
def todateiso8601: todate;
def splits($pattern): splits($pattern; null);
def splits($pattern; $flags): split($pattern; $flags) | .[];
def split($separator):
  if type == "string" and ($separator | type == "string") then . / $separator
  else error("split input and separator must be strings") end;
def match($pattern): match($pattern; null);
def match($pattern; $flags): _match($pattern; $flags) | .[];
def test($pattern): test($pattern; null);
def capture($pattern): capture($pattern; null);
def capture($pattern; $flags):
  match($pattern; $flags) | [.captures[] | select(.name != null) | {key: .name, value: .string}] | from_entries;
def scan($pattern): scan($pattern; null);
def scan($pattern; $flags):
  match($pattern; "g" + $flags) | if .captures == [] then .string else [.captures[].string] end;
def sub($pattern; f): sub($pattern; f; null);
def gsub($pattern; f): gsub($pattern; f; null);
def ltrimstr($start):
  if type == "string" and ($start | type == "string") then if startswith($start) then .[($start | length):] end
  else error("startswith() requires string inputs") end;
def rtrimstr($end):
  if type == "string" and ($end | type == "string") then if $end != "" and endswith($end) then .[:length - ($end | length)] end
  else error("endswith() requires string inputs") end;
def trimstr($text): ltrimstr($text) | rtrimstr($text);

def IN(f): any(f == .; .);
def IN(f; g): any(f == g; .);
def INDEX(f; key): reduce f as $row ({}; setpath([$row | key | tostring]; $row));
def INDEX(key): INDEX(.[]; key);
def JOIN($index; key): [.[] | [., $index[key]]];
def JOIN($index; f; key): f | [., $index[key]];
def JOIN($index; f; key; join): f | [., $index[key]] | join;

def debug(message): (message | debug | empty), .;
def halt_error: error;
def halt_error($code): error;
def input: error("break");
def inputs: empty;
def input_filename: null;
def input_line_number: 1;
def get_search_list: [];
def have_literal_numbers: true;
def have_decnum: true;
