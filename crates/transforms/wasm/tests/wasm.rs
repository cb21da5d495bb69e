//! Components that work, and components that misbehave: the host is unharmed, and the next record is processed.
#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::path::PathBuf;

use serde_json::{Value, json};
use taskferry_sdk::conformance::{Check, Conformance};
use taskferry_sdk::testing::{Files, TransformTest};
use taskferry_sdk::{AnyTransform, ErrorKind, Problem, RunContext, StageError, TransformPlugin};
use taskferry_transform_wasm::Wasm;

/// A component that returns the record. For a list, it runs `body` instead. `configure` is the body of its other function.
fn component(body: &str, configure: &str) -> String {
    format!(
        r#"(component
          (core module $module
            (memory (export "memory") 2)
            (data (i32.const 512) "not JSON")
            (data (i32.const 528) "no such task")
            (data (i32.const 544) "\ff\fe")
            (global $next (mut i32) (i32.const 1024))
            ;; It never frees anything.
            (func $allocate (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32)
              (local $at i32)
              (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
              (global.set $next (i32.add (local.get $at) (local.get $size)))
              (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
                (then (if (i32.eq (i32.const -1) (memory.grow (i32.add (i32.div_u (local.get $size) (i32.const 65536)) (i32.const 1))))
                  (then unreachable))))
              (local.get $at))
            ;; The result `ok` with one text.
            (func $one (param $text i32) (param $length i32) (result i32)
              (i32.store8 (i32.const 32) (i32.const 0))
              (i32.store (i32.const 36) (i32.const 48))
              (i32.store (i32.const 40) (i32.const 1))
              (i32.store (i32.const 48) (local.get $text))
              (i32.store (i32.const 52) (local.get $length))
              (i32.const 32))
            (func $error (param $text i32) (param $length i32) (result i32)
              (i32.store8 (i32.const 32) (i32.const 1))
              (i32.store (i32.const 36) (local.get $text))
              (i32.store (i32.const 40) (local.get $length))
              (i32.const 32))
            (func $again (result i32) (i32.add (call $again) (i32.const 1)))
            (func (export "configure") (param $text i32) (param $length i32) (result i32) {configure})
            (func (export "apply") (param $text i32) (param $length i32) (result i32)
              (if (i32.eq (i32.load8_u (local.get $text)) (i32.const 0x5b)) (then {body}))
              (call $one (local.get $text) (local.get $length))))
          (core instance $instance (instantiate $module))
          (func (export "configure") (param "options" string) (result (result (error string)))
            (canon lift (core func $instance "configure") (memory (core memory $instance "memory")) (realloc (core func $instance "cabi_realloc"))))
          (func (export "apply") (param "json" string) (result (result (list string) (error string)))
            (canon lift (core func $instance "apply") (memory (core memory $instance "memory")) (realloc (core func $instance "cabi_realloc")))))"#
    )
}

const NO_OPTIONS: &str = "(i32.const 16)";

fn build(bytes: impl Into<Vec<u8>>, more: &Value) -> Result<TransformTest, Vec<Problem>> {
    let mut options =
        json!({"module": "guest.wasm", "time_limit": "100ms", "memory_limit": "4 MiB"});
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    TransformTest::with_files::<Wasm>(&options, &Files::new().with("guest.wasm", bytes))
}

fn guest(body: &str) -> TransformTest {
    let bytes = wat::parse_str(component(body, NO_OPTIONS)).unwrap();
    build(bytes, &json!({})).unwrap()
}

/// The error for a record for which the component misbehaves. The records before and after it are processed.
fn error_of(body: &str) -> StageError {
    let mut guest = guest(body);
    assert_eq!(guest.apply("{\"n\":1.50}").unwrap(), ["{\"n\":1.50}"]);
    let error = guest.apply("[1]").unwrap_err();
    assert_eq!(guest.apply("{\"n\":2}").unwrap(), ["{\"n\":2}"]);
    error
}

#[track_caller]
fn problem(result: Result<TransformTest, Vec<Problem>>) -> (String, String) {
    let problems = result.map(drop).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    (problems[0].path.to_string(), problems[0].message.clone())
}

#[test]
fn an_endless_loop_ends_at_the_time_limit() {
    let error = error_of("(loop $endless (br $endless))");
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert_eq!(error.to_string(), "the component takes longer than 100ms");
}

#[test]
fn memory_beyond_the_limit_is_refused() {
    let error = error_of(
        "(loop $more (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 1))))) unreachable",
    );
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert_eq!(error.to_string(), "the component needs more than 4 MiB of memory");
}

#[test]
fn a_trap_refuses_the_record() {
    for (body, reason) in [
        ("unreachable", "wasm `unreachable` instruction executed"),
        ("(drop (i32.div_u (i32.const 1) (i32.const 0)))", "wasm trap: integer divide by zero"),
        ("(drop (i32.load (i32.const -8)))", "wasm trap: out of bounds memory access"),
        ("(drop (call $again))", "wasm trap: call stack exhausted"),
    ] {
        let error = error_of(body);
        assert_eq!(error.kind(), ErrorKind::Record);
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn garbage_refuses_the_record() {
    for (body, kind, reason) in [
        (
            "(return (call $one (i32.const 512) (i32.const 8)))",
            ErrorKind::Malformed,
            "a string that is not JSON",
        ),
        ("(return (call $one (i32.const 544) (i32.const 2)))", ErrorKind::Record, "invalid utf-8"),
        ("(return (call $one (i32.const -8) (i32.const 4)))", ErrorKind::Record, "out of bounds"),
        ("(return (i32.const -4))", ErrorKind::Record, "pointer"),
        (
            "(i32.store8 (i32.const 32) (i32.const 9)) (return (i32.const 32))",
            ErrorKind::Record,
            "discriminant",
        ),
    ] {
        let error = error_of(body);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.full_message().contains(reason), "{}", error.full_message());
    }
}

#[test]
fn a_list_that_repeats_one_text_does_not_fill_the_memory_of_the_host() {
    // 4,096 texts of 60 kB, all of them the same bytes.
    let body = "(local.set $length (i32.const 4096))
        (loop $next
          (local.set $length (i32.sub (local.get $length) (i32.const 1)))
          (i32.store (i32.add (i32.const 65536) (i32.mul (local.get $length) (i32.const 8))) (i32.const 4096))
          (i32.store (i32.add (i32.const 65540) (i32.mul (local.get $length) (i32.const 8))) (i32.const 60000))
          (br_if $next (local.get $length)))
        (i32.store8 (i32.const 32) (i32.const 0))
        (i32.store (i32.const 36) (i32.const 65536))
        (i32.store (i32.const 40) (i32.const 4096))
        (return (i32.const 32))";
    let error = error_of(body);
    assert!(error.to_string().contains("fuel"), "{error}");
}

#[test]
fn the_component_can_refuse_a_record() {
    let error = error_of("(return (call $error (i32.const 528) (i32.const 12)))");
    assert_eq!(error.kind(), ErrorKind::Record);
    assert_eq!(error.to_string(), "the component refuses the record: no such task");
}

#[test]
fn the_component_can_drop_a_record() {
    let mut guest = guest(
        "(i32.store8 (i32.const 32) (i32.const 0)) (i32.store (i32.const 40) (i32.const 0)) (return (i32.const 32))",
    );
    assert!(guest.apply("[1]").unwrap().is_empty());
}

/// The resident memory of this process in bytes. 0 on systems without `/proc`.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = resident.and_then(|it| it.trim().strip_suffix("kB")?.trim().parse().ok());
    kib.map_or(0, |kib: usize| kib * 1024)
}

#[test]
fn memory_stays_flat() {
    const RECORDS: usize = 5_000;
    let mut guest = guest("");
    let record = format!("{{\"text\":\"{}\"}}", "x".repeat(20_000));
    // The component never frees a record, so that an instance is replaced after about 100 records.
    for _ in 0..100 {
        assert_eq!(guest.apply(&record).unwrap().len(), 1);
    }
    let before = resident();
    for _ in 0..RECORDS {
        assert_eq!(guest.apply(&record).unwrap().len(), 1);
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < record.len() * RECORDS / 2, "the process grew by {grown} bytes");
}

#[test]
fn a_file_that_is_no_component_is_an_error_of_the_option() {
    let module = wat::parse_str("(module)").unwrap();
    let wasi = wat::parse_str(r#"(component (import "wasi:cli/exit@0.2.0" (instance)))"#).unwrap();
    let empty = wat::parse_str("(component)").unwrap();
    let found: Vec<(String, String)> =
        [b"{}".to_vec(), module, wasi, empty, b"\0asm\x0d\0\x01\0garbage".to_vec()]
            .into_iter()
            .map(|bytes| problem(build(bytes, &json!({}))))
            .collect();
    let expected = [
        "the file is not WebAssembly",
        "the component does not have the interface of a transform: ",
        "the component imports `wasi:cli/exit@0.2.0`, but a transform has no imports",
        "the component does not have the interface of a transform: ",
        "the file is not a valid WebAssembly component: ",
    ];
    for ((path, message), expected) in found.iter().zip(expected) {
        assert_eq!(path, "module");
        assert!(message.starts_with(expected), "{message}");
    }
    let (path, message) = problem(TransformTest::new::<Wasm>(&json!({"module": "gone.wasm"})));
    assert_eq!((path.as_str(), message.contains("gone.wasm")), ("module", true), "{message}");
}

#[test]
fn the_component_checks_its_options() {
    let refuses = component("", "(call $error (i32.const 528) (i32.const 12))");
    let (path, message) =
        problem(build(wat::parse_str(refuses).unwrap(), &json!({"options": {"a": 1}})));
    assert_eq!(path, "options");
    assert_eq!(message, "the component refuses the options: no such task");
    let endless = component("", "(loop $endless (br $endless)) (i32.const 16)");
    let (path, message) = problem(build(wat::parse_str(endless).unwrap(), &json!({})));
    assert_eq!(
        (path.as_str(), message.as_str()),
        ("module", "the component takes longer than 100ms")
    );
}

#[test]
fn limits_must_be_possible() {
    let bytes = wat::parse_str(component("", NO_OPTIONS)).unwrap();
    let (path, _) = problem(build(bytes.clone(), &json!({"time_limit": "0s"})));
    assert_eq!(path, "time_limit");
    let (path, _) = problem(build(bytes, &json!({"memory_limit": "1 MiB"})));
    assert_eq!(path, "memory_limit");
}

#[test]
fn compiled_components_are_kept_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = wat::parse_str(component("", NO_OPTIONS)).unwrap();
    let opened = |cache: PathBuf| {
        let options = json!({"module": "guest.wasm", "cache": cache});
        let files = Files::new().with("guest.wasm", bytes.clone());
        let built =
            taskferry_sdk::testing::build::<Wasm, _>(&options, &files, Wasm::build).unwrap();
        assert!(!cache.exists(), "`check` writes nothing");
        let AnyTransform::Stateless(mut transform) = built else { panic!("it is stateless") };
        transform.open(&RunContext::default()).map(|()| AnyTransform::Stateless(transform))
    };
    let compiled = folder.path().join("compiled");
    let mut guest = TransformTest::of(opened(compiled.clone()).unwrap());
    assert_eq!(guest.apply("{}").unwrap(), ["{}"]);
    assert!(compiled.read_dir().unwrap().next().is_some());
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = opened(file.join("in a file")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().starts_with("can't use the folder `"), "{error}");
}

#[test]
fn wasm_conforms_to_the_rules_for_transforms() {
    let bytes = wat::parse_str(component(
        "(return (call $error (i32.const 528) (i32.const 12)))",
        NO_OPTIONS,
    ))
    .unwrap();
    Conformance::transform::<Wasm>(json!({"module": "guest.wasm", "memory_limit": "4 MiB"}))
        .files(Files::new().with("guest.wasm", bytes))
        .exempt(Check::FieldsDeclared, "a component does not declare its fields")
        .run();
}
