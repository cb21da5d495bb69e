//! Finds modules of a crate that use each other in a cycle. It reads the paths in the text of the source files; tests,
//! comments and binaries are excluded.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path;

#[derive(Default)]
pub(crate) struct Module {
    /// The source text without comments and tests.
    pub(crate) code: String,
    /// All paths of more than one segment, as written.
    paths: BTreeSet<String>,
    /// The imports: local name and full path.
    imports: BTreeMap<String, String>,
}

impl Module {
    /// All paths, with imported names resolved.
    pub(crate) fn full_paths(&self) -> BTreeSet<String> {
        let full = |path: &String| {
            let (first, rest) = path.split_once("::").unwrap_or((path, ""));
            match self.imports.get(first) {
                Some(import) if !import.is_empty() && import != first => {
                    format!("{import}::{rest}")
                }
                _ => path.clone(),
            }
        };
        self.paths.iter().map(full).collect()
    }
}

/// Modules by their paths: `crate::fault::layer`.
pub(crate) type Modules = BTreeMap<String, Module>;

/// The cycles of a crate, each as `a -> b -> a`. A module in several cycles is listed with the shortest one.
pub(crate) fn cycles(src: &Path) -> BTreeSet<String> {
    let modules = read(src);
    let uses = |(at, module): (&String, &Module)| {
        let used = module.paths.iter().filter_map(|path| definer(&modules, at, path));
        (at.clone(), used.filter(|used| used != at).collect())
    };
    let uses: BTreeMap<String, BTreeSet<String>> = modules.iter().map(uses).collect();
    uses.keys().filter_map(|start| cycle_from(start, &uses)).collect()
}

/// The modules of a crate, except tests and binaries.
pub(crate) fn read(src: &Path) -> Modules {
    let mut modules = Modules::new();
    read_folder(src, "crate", &mut modules);
    modules
}

/// The shortest cycle through `start`, if `start` sorts first among its modules.
fn cycle_from(start: &String, uses: &BTreeMap<String, BTreeSet<String>>) -> Option<String> {
    let (mut seen, mut chains) = (BTreeSet::new(), VecDeque::from([vec![start]]));
    while let Some(chain) = chains.pop_front() {
        for used in &uses[chain[chain.len() - 1]] {
            if used == start {
                let is_first = chain.iter().min() == Some(&start);
                let names = chain.iter().chain([&start]).map(|name| name.as_str());
                return is_first.then(|| names.collect::<Vec<_>>().join(" -> "));
            }
            if seen.insert(used) {
                chains.push_back([chain.as_slice(), &[used]].concat());
            }
        }
    }
    None
}

fn read_folder(folder: &Path, above: &str, modules: &mut Modules) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let module = match path.file_stem().unwrap().to_str().unwrap() {
            "tests" | "main" | "bin" => continue,
            "lib" | "mod" => above.to_owned(),
            name => format!("{above}::{name}"),
        };
        if path.is_dir() {
            read_folder(&path, &module, modules);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            modules.insert(module, read_module(&fs::read_to_string(&path).unwrap()));
        }
    }
}

fn read_module(text: &str) -> Module {
    let lines = text.split("\nmod tests {").next().unwrap_or_default().lines();
    let code: String =
        lines.flat_map(|line| line.split("//").next().into_iter().chain(["\n"])).collect();
    // `crate::a::{b, c as d}` becomes the words `crate::a::`, `{`, `b`, `,`, `c`, `as`, `d`, `}`.
    let separate = |it: char| {
        if it.is_alphanumeric() || "_:".contains(it) { it.to_string() } else { format!(" {it} ") }
    };
    let spaced: String = code.chars().map(separate).collect();
    let (mut module, mut path, mut outer) = (Module::default(), String::new(), Vec::new());
    let (mut in_use, mut before) = (false, ";");
    for word in spaced.split_whitespace() {
        match word {
            "use" if ["pub", ";", "{", "}", ")", "]"].contains(&before) => in_use = true,
            ";" => in_use = false,
            "{" if in_use => outer.push(path.clone()),
            "}" if in_use => drop(outer.pop()),
            "*" if in_use => drop(module.paths.insert(path.clone())),
            _ if in_use && before == "as" => drop(module.imports.insert(word.into(), path.clone())),
            "as" | "," => {}
            _ if in_use => {
                path = format!("{}{word}", outer.last().map_or("", String::as_str));
                path = path.trim_end_matches("::self").to_owned();
                if let Some(name) = path.rsplit("::").next().filter(|name| !name.is_empty()) {
                    module.imports.insert(name.to_owned(), path.clone());
                    module.paths.insert(path.clone());
                }
            }
            _ if before != "\"" && word.contains("::") => drop(module.paths.insert(word.into())),
            _ => {}
        }
        before = word;
    }
    module.code = code;
    module
}

/// The module that defines `path`, as seen from the module `at`, if it is in the same crate.
fn definer(modules: &Modules, at: &str, path: &str) -> Option<String> {
    let mut found = at.to_owned();
    let steps: Vec<&str> = path.split("::").filter(|step| !step.is_empty()).collect();
    for (position, step) in steps.iter().enumerate() {
        let child = format!("{found}::{step}");
        match (*step, modules.get(&found)?.imports.get(*step)) {
            ("crate", _) => "crate".clone_into(&mut found),
            ("super", _) => found.truncate(found.rfind("::")?),
            ("self", _) => {}
            _ if modules.contains_key(&child) => found = child,
            (_, Some(import)) if import.split("::").next() != Some(*step) => {
                let behind = steps.get(position + 1..).unwrap_or_default().join("::");
                return definer(modules, &found, &format!("{import}::{behind}"));
            }
            // A path that starts with no module of this crate belongs to another crate.
            _ if position == 0 => return None,
            _ => break,
        }
    }
    Some(found)
}
