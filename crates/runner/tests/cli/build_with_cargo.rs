//! `taskferry build` with the real Cargo. The checkout of taskferry has the real SDK, and a small runner that lists the
//! plugins of the binary, because compiling all of taskferry takes minutes.

use std::fs;
use std::path::{Path, PathBuf};

use taskferry_testkit::{Context, Outcome, project_file};

const RUNNER: &str = r#"
use std::process::ExitCode;
use taskferry_sdk::{Plugins, SinkPlugin, SourcePlugin, TransformPlugin};

pub use std::alloc::System as Allocator;

#[derive(Default)]
pub struct Runner(Vec<&'static str>);

impl Runner {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn plugins(mut self, register: impl FnOnce(&mut Self)) -> Self {
        register(&mut self);
        self
    }

    pub fn version(self, _: &str) -> Self {
        self
    }

    pub fn main(self) -> ExitCode {
        println!("transforms");
        for name in self.0 {
            println!("  {name}  A transform.");
        }
        ExitCode::SUCCESS
    }
}

impl Plugins for Runner {
    fn source<P: SourcePlugin>(&mut self) -> &mut Self {
        self
    }

    fn transform<P: TransformPlugin>(&mut self) -> &mut Self {
        self.0.push(P::TYPE);
        self
    }

    fn sink<P: SinkPlugin>(&mut self) -> &mut Self {
        self
    }
}
"#;

/// The folder is the same in each test run, so that the artifacts of earlier runs are replaced.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("build-with-cargo")
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Writes the checkout, and a plugin that depends on the same SDK.
fn prepared() -> Context {
    drop(fs::remove_dir_all(folder()));
    let (version, sdk) = (env!("CARGO_PKG_VERSION"), project_file("crates/sdk"));
    let checkout = folder().join("taskferry");
    write(&checkout.join("Cargo.toml"), &format!("[workspace.package]\nversion = \"{version}\"\n"));
    write(&checkout.join("crates/sdk/Cargo.toml"), "[package]\nname = \"taskferry-sdk\"\n");
    let package =
        format!("[package]\nname = \"taskferry\"\nversion = \"{version}\"\nedition = \"2024\"\n");
    let manifest = format!(
        "{package}[features]\nsandbox = []\n[dependencies]\ntaskferry-sdk = {{ path = {sdk:?} }}\n[workspace]\n"
    );
    write(&checkout.join("crates/runner/Cargo.toml"), &manifest);
    write(&checkout.join("crates/runner/src/lib.rs"), RUNNER);
    // Uses the versions of the workspace, which are available offline.
    fs::copy(project_file("Cargo.lock"), checkout.join("Cargo.lock")).unwrap();

    let mut context = Context::new();
    for name in
        ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "CARGO_INCREMENTAL"]
    {
        if let Ok(value) = std::env::var(name) {
            context.set(name, value);
        }
    }
    let debug = std::env::var("CARGO_PROFILE_DEV_DEBUG");
    context.set("CARGO_PROFILE_DEV_DEBUG", debug.unwrap_or_else(|_| "line-tables-only".to_owned()));
    context.set("CARGO", env!("CARGO"));
    // The test must not change the toolchains of the machine.
    context.set("RUSTUP_AUTO_INSTALL", "0");
    context.set("CARGO_NET_OFFLINE", "true");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    context.set("CARGO_TARGET_DIR", target.to_str().unwrap());
    let place = folder();
    let place = ["--path", &project_file("."), "--dir", place.to_str().unwrap()];
    context
        .taskferry(&[&["new", "transform", "build-with-cargo"], &place[..]].concat())
        .with_code(0);
    context
}

fn build(context: &Context) -> Outcome {
    let (plugin, checkout) = (folder().join("build-with-cargo"), folder().join("taskferry"));
    let (plugin, checkout) = (plugin.to_str().unwrap(), checkout.to_str().unwrap());
    context.taskferry(&["build", "--with", plugin, "--path", checkout, "--debug"])
}

/// The lines of `taskferry build`, without the lines of Cargo and the compiler.
fn own_lines(ended: &Outcome) -> String {
    let is_own =
        |line: &&str| line.contains("build-with-cargo 0.1.0") && !line.contains("Compiling");
    ended.stderr.lines().filter(is_own).collect::<Vec<_>>().join("\n")
}

#[test]
fn cargo_builds_a_binary_with_the_plugin_and_errors_name_the_plugin() {
    let context = prepared();
    let built = build(&context).with_code(0);
    insta::assert_snapshot!(own_lines(&built), @"wrote taskferry-custom with transform `build_with_cargo` (build-with-cargo 0.1.0)");
    let listed = context.script("./taskferry-custom").with_code(0);
    assert_eq!(listed.stdout, "transforms\n  build_with_cargo  A transform.\n");

    let library = folder().join("build-with-cargo/src/lib.rs");
    let text = fs::read_to_string(&library).unwrap();
    for wrong in
        [text.replace("pub fn register", "fn register"), text.replace("fn register(", "fn add(")]
    {
        fs::write(&library, wrong).unwrap();
        let failed = build(&context).with_code(2);
        assert_eq!(
            own_lines(&failed),
            "error: `build-with-cargo 0.1.0` does not export the function that registers its plugins"
        );
    }
    fs::write(&library, format!("{text}\nconst NUMBER: u8 = \"text\";\n")).unwrap();
    let failed = build(&context).with_code(2);
    failed.assert_stderr("mismatched types");
    insta::assert_snapshot!(own_lines(&failed), @"error: the plugin `build-with-cargo 0.1.0` does not compile: see the errors above");
    let kept = context.script("./taskferry-custom").with_code(0);
    assert_eq!(kept.stdout, listed.stdout, "the binary of the last build is kept");
}
