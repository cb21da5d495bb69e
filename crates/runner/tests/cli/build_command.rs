//! `taskferry build`: what it asks of Cargo, and what it reports. Cargo is a script here: `build_with_cargo.rs` uses the
//! real one.

use serde_json::{Value, json};
use taskferry_testkit::{Context, Outcome};

/// A binary that lists this plugin.
const BINARY: &str = "#!/bin/sh\necho transforms; echo '  drop_short_tasks  Drops short tasks.'\n";

/// A working directory with a plugin crate in `short`, a checkout of taskferry in `taskferry`, and a Cargo that answers from files.
fn prepared() -> Context {
    let mut context = Context::new();
    let version = env!("CARGO_PKG_VERSION");
    context
        .write("taskferry/Cargo.toml", &format!("[workspace.package]\nversion = \"{version}\"\n"));
    context.write("taskferry/crates/sdk/Cargo.toml", "[package]\nname = \"taskferry-sdk\"\n");
    context.write("short/Cargo.toml", "[package]\nname = \"short\"\n");
    context.write(
        "cargo",
        "#!/bin/sh\ncase \"$*\" in\n*--no-deps*) cat package.json;;\nmetadata*) cat metadata.json;;\n*) cat build.json;;\nesac\n",
    );
    context.write("binary", BINARY);
    context.script("chmod +x cargo binary").with_code(0);
    let cargo = context.path("cargo").to_str().unwrap().to_owned();
    context.set("CARGO", cargo);
    write(&context, "package.json", &package(&context, "lib"));
    write(&context, "metadata.json", &metadata("sdk"));
    let artifact = json!({"reason": "compiler-artifact", "executable": context.path("binary")});
    write(&context, "build.json", &artifact);
    context
}

fn write(context: &Context, file: &str, value: &Value) {
    context.write(file, &value.to_string());
}

/// What Cargo says about the plugin crate alone.
fn package(context: &Context, kind: &str) -> Value {
    let folder = context.path("").canonicalize().unwrap();
    json!({"packages": [{
        "name": "short",
        "manifest_path": folder.join("short/Cargo.toml"),
        "targets": [{"kind": [kind]}],
        "dependencies": [{"name": "taskferry-sdk", "kind": null, "path": folder.join("taskferry/crates/sdk")}],
    }]})
}

/// What Cargo says about all packages, if the plugin depends on the package `sdk`.
fn metadata(sdk: &str) -> Value {
    let package = |id: &str, name: &str, version: &str| {
        let manifest = format!("/{id}/Cargo.toml");
        json!({"id": id, "name": name, "version": version, "source": null, "manifest_path": manifest})
    };
    let needs =
        |name: &str, id: &str| json!({"name": name, "pkg": id, "dep_kinds": [{"kind": null}]});
    json!({
        "packages": [
            package("root", "taskferry-build", "0.1.0"),
            package("runner", "taskferry", "0.1.0"),
            package("sdk", "taskferry-sdk", "0.1.0"),
            package("later-sdk", "taskferry-sdk", "0.2.0"),
            package("short", "short", "0.3.0"),
        ],
        "resolve": {"root": "root", "nodes": [
            {"id": "root", "deps": [needs("taskferry", "runner"), needs("plugin_1", "short")]},
            {"id": "runner", "deps": [needs("taskferry_sdk", "sdk")]},
            {"id": "short", "deps": [needs("taskferry_sdk", sdk)]},
        ]},
    })
}

fn build(context: &Context, arguments: &[&str]) -> Outcome {
    context.taskferry(&[&["build"], arguments].concat())
}

/// An error of the compiler.
fn error(package: &str, code: &str) -> Value {
    let spans = json!([{"text": [{"text": code}]}]);
    let message = json!({"level": "error", "spans": spans, "rendered": "\u{1b}[31merror\u{1b}[0m: no such type\n"});
    json!({"reason": "compiler-message", "package_id": package, "message": message})
}

#[test]
fn the_binary_is_written_when_it_is_complete() {
    let context = prepared();
    context.write("out/short-ferry", "an older one");
    let built = build(&context, &["--with", "./short", "--output", "out/short-ferry"]).with_code(0);
    assert_eq!(built.stdout, "");
    insta::assert_snapshot!(built.stderr, @"
    wrote out/short-ferry with transform `drop_short_tasks` (short 0.3.0)
      out/short-ferry plugins    lists the plugins of the binary
    ");
    assert_eq!(context.read("out/short-ferry"), BINARY);
    context.script("out/short-ferry").with_code(0);
    let files = context.files();
    let main = files.iter().find(|file| file.ends_with("src/main.rs")).unwrap();
    let main = context.read(main);
    assert!(main.contains(".plugins(plugin_1::register)"), "{main}");
    assert!(main.contains(".version(\"short 0.3.0\")"), "{main}");
}

#[test]
fn the_checkout_on_which_the_plugin_depends_is_built() {
    let context = prepared();
    build(&context, &["--with", "./short"]).with_code(0);
    let files = context.files();
    let main = files.iter().find(|file| file.ends_with("/src/main.rs")).unwrap();
    let manifest = context.read(&main.replace("src/main.rs", "Cargo.toml"));
    let folder = context.path("").canonicalize().unwrap();
    assert!(
        manifest.contains(&format!("{:?}", folder.join("taskferry/crates/runner"))),
        "{manifest}"
    );
    assert!(manifest.contains(&format!("{:?}", folder.join("short"))), "{manifest}");
}

#[test]
fn an_error_in_the_crates_is_reported_before_a_build() {
    let context = prepared();
    context.write("empty/notes.txt", "");
    context.write("target/.keep", "");
    let mut messages = String::new();
    for arguments in [
        &["--with", "./empty"][..],
        &["--with", "./short", "--path", "empty"],
        &["--with", "./short", "./short"],
        &["--with", "./short", "--output", "target"],
    ] {
        messages += &build(&context, arguments).with_code(2).stderr;
    }
    write(&context, "package.json", &package(&context, "bin"));
    messages += &build(&context, &["--with", "./short"]).with_code(2).stderr;
    write(&context, "package.json", &json!({"packages": []}));
    messages += &build(&context, &["--with", "./short"]).with_code(2).stderr;
    insta::assert_snapshot!(messages, @"
    error: can't read `./empty/Cargo.toml`: No such file or directory (os error 2)
      help: name the folder of a crate, or a crate of the registry without a `/`
    error: `empty` is not a checkout of taskferry
    error: `--with` names the crate `short` twice
      help: name each crate once
    error: `--output target` is a folder
      help: add the name of the binary
    error: the package in `./short` has no library
      help: a crate with plugins has a `src/lib.rs`, which exports the function `register`
    error: `./short` is a workspace without a package of its own
      help: name the folder of one of its packages
    ");
    let wrong = build(&context, &["--with", "short@"]).with_code(2).stderr;
    assert!(wrong.contains("expected a version after `@`"), "{wrong}");
}

#[test]
fn a_plugin_for_another_sdk_is_reported_before_a_build() {
    let context = prepared();
    write(&context, "metadata.json", &metadata("later-sdk"));
    let ended = build(&context, &["--with", "./short"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @"
    error: `short 0.3.0` depends on taskferry-sdk 0.2.0 (/later-sdk/Cargo.toml), but taskferry 0.1.0 depends on taskferry-sdk 0.1.0 (/sdk/Cargo.toml)
      help: use a version of `short` that depends on taskferry-sdk 0.1.0, or use taskferry 0.2.0
    ");
    assert!(!context.path("taskferry-custom").exists());
}

#[test]
fn a_build_that_fails_names_the_plugin() {
    let context = prepared();
    let mut messages = String::new();
    for failed in [
        error("root", "        .plugins(plugin_1::register)"),
        error("short", "let x: Missing;"),
        error("runner", "let x: Missing;"),
        json!({"reason": "build-finished", "success": false}),
    ] {
        write(&context, "build.json", &failed);
        messages += &build(&context, &["--with", "./short"]).with_code(2).stderr;
    }
    insta::assert_snapshot!(messages, @"
    error: `short 0.3.0` does not export the function that registers its plugins
      help: add `pub fn register(plugins: &mut impl taskferry_sdk::Plugins)` to the `lib.rs` of the crate
    error: no such type
    error: the plugin `short 0.3.0` does not compile: see the errors above
    error: no such type
    error: `taskferry 0.1.0` does not compile: see the errors above
    error: the build failed: see the message of Cargo above
    ");
    assert!(!context.path("taskferry-custom").exists());
}

#[test]
fn a_binary_that_does_not_start_is_not_written() {
    let context = prepared();
    context.write("taskferry-custom", "an older one");
    context
        .write("binary", "#!/bin/sh\necho 'error: two transforms have the type `x`' >&2; exit 1\n");
    let ended = build(&context, &["--with", "./short"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @"
    error: two transforms have the type `x`
    The binary is not written.
    ");
    assert_eq!(context.read("taskferry-custom"), "an older one");
}

#[test]
fn a_missing_cargo_is_explained() {
    let mut context = prepared();
    context.set("CARGO", "/nowhere/cargo");
    let ended = build(&context, &["--with", "./short"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @"
    error: can't run Cargo: it is not installed
      help: install Rust from https://rustup.rs, or set `CARGO` to the path of Cargo
    ");
}

#[test]
fn dependencies_that_are_not_found_are_explained() {
    let context = prepared();
    context.write(
        "cargo",
        "#!/bin/sh\necho 'error: no matching package named `short` found' >&2; exit 101\n",
    );
    let ended = build(&context, &["--with", "short@1.2"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @"
    `short` is looked up in the registry; `./short` is the folder with this name
    error: no matching package named `short` found
    error: Cargo can't resolve the dependencies: see the message of Cargo above
      help: if the registry has no taskferry 0.1.0, build a checkout with `--path CHECKOUT`
    ");
}
