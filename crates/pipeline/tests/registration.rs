//! Plugins are registered once per role and type name.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_pipeline::{Registry, Role};
use taskferry_sdk::{
    AnyTransform, BuildContext, Plugin, Plugins, Problem, Sink, SinkPlugin, TransformPlugin,
};

/// A plugin of a type that several crates use.
macro_rules! plugin {
    ($name:ident) => {
        #[derive(Debug, Deserialize, JsonSchema)]
        struct $name {}

        impl Plugin for $name {
            const TYPE: &'static str = "tasks";
        }
    };
}

plugin!(First);
plugin!(Second);
plugin!(Output);

impl TransformPlugin for First {
    fn build(&self, _: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        Err(Vec::new())
    }
}

impl TransformPlugin for Second {
    fn build(&self, _: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        Err(Vec::new())
    }
}

impl SinkPlugin for Output {
    fn build(&self, _: &BuildContext<'_>) -> Result<Box<dyn Sink>, Vec<Problem>> {
        Err(Vec::new())
    }
}

/// As a plugin crate exports it.
fn register(plugins: &mut impl Plugins) {
    plugins.transform::<First>().sink::<Output>();
}

#[test]
fn the_plugins_of_a_crate_are_registered_by_its_function() {
    let mut registry = Registry::new();
    register(&mut registry);
    assert_eq!(registry.types(Role::Transform), ["tasks"]);
    assert_eq!(registry.types(Role::Sink), ["tasks"]);
    // A crate that is registered twice, and the same name in another role, are no conflict.
    register(&mut registry);
    assert_eq!(registry.conflicts(), []);
}

#[test]
fn two_plugins_with_the_same_type_are_a_conflict() {
    let mut registry = Registry::new();
    register(&mut registry);
    registry.transform::<Second>();
    let [conflict] = registry.conflicts() else { panic!("{:?}", registry.conflicts()) };
    assert_eq!((conflict.role, conflict.type_name), (Role::Transform, "tasks"));
    assert_eq!(conflict.paths, ["registration::First", "registration::Second"]);
}
