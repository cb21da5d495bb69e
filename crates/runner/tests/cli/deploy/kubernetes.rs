//! The subset of Kubernetes Jobs and kustomizations that the examples use.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Job, Machine, text};

/// A YAML document of the examples.
pub(crate) fn yaml(name: &str) -> Value {
    serde_yaml_ng::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("a list, not {value}"))
}

pub(crate) fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a string, not {value}"))
}

/// A Job, or the Job that a `CronJob` creates.
pub(crate) struct JobSpec(pub(crate) Value);

impl JobSpec {
    pub(crate) fn read(name: &str) -> Self {
        let mut resource = yaml(name);
        Self(match string(&resource["kind"]) {
            "Job" => resource["spec"].take(),
            "CronJob" => resource["spec"]["jobTemplate"]["spec"].take(),
            kind => panic!("{kind}"),
        })
    }

    pub(crate) fn pod(&self) -> &Value {
        &self.0["template"]["spec"]
    }

    pub(crate) fn container(&self) -> &Value {
        let [container] = list(&self.pod()["containers"]) else { panic!("one container") };
        container
    }

    /// The arguments of the container, with `$(NAME)` replaced.
    pub(crate) fn arguments(&self, variables: &[(&str, String)]) -> Vec<String> {
        let arguments = list(&self.container()["args"]).iter().map(|argument| {
            let argument = string(argument).to_owned();
            variables
                .iter()
                .fold(argument, |text, (name, value)| text.replace(&format!("$({name})"), value))
        });
        arguments.collect()
    }

    /// Whether another pod starts after a pod exits with this code. The first matching rule decides. Without a matching rule, the
    /// attempt counts against the limit.
    pub(crate) fn retries_after(&self, code: i32) -> bool {
        assert_eq!(self.pod()["restartPolicy"], "Never", "otherwise, the policy does not apply");
        let container = &self.container()["name"];
        let matches = |rule: &&Value| {
            let Some(on) = rule.get("onExitCodes") else { return false };
            assert_eq!(&on["containerName"], container);
            let listed = list(&on["values"]).contains(&Value::from(code));
            match string(&on["operator"]) {
                "In" => listed,
                "NotIn" => !listed,
                operator => panic!("{operator}"),
            }
        };
        let rule = list(&self.0["podFailurePolicy"]["rules"]).iter().find(matches);
        let limit = self.0.get("backoffLimit").or_else(|| self.0.get("backoffLimitPerIndex"));
        let may_retry = limit.and_then(Value::as_u64).unwrap() > 0;
        code != 0 && may_retry && rule.is_none_or(|rule| rule["action"] == "Count")
    }

    /// The container, after its volumes are mounted.
    pub(crate) fn start(&self, machine: &Machine, variables: &[(&str, String)]) -> Job {
        let mounts = list(&self.container()["volumeMounts"]);
        for mount in mounts {
            let volume = list(&self.pod()["volumes"]).iter().find(|it| it["name"] == mount["name"]);
            let (path, volume) = (string(&mount["mountPath"]), volume.expect("the mounted volume"));
            machine.create_folder(path);
            for source in volume["projected"]["sources"].as_array().into_iter().flatten() {
                if let Some(map) = source.get("configMap") {
                    for (name, text) in config_map(string(&map["name"])) {
                        machine.write(&format!("{path}/{name}"), &text);
                    }
                }
                for item in source["secret"]["items"].as_array().into_iter().flatten() {
                    machine.write(&format!("{path}/{}", string(&item["path"])), "secret\n");
                }
            }
        }
        let folder = string(&self.container()["workingDir"]);
        let is_mounted = |mount: &Value| mount["mountPath"] == folder && mount["readOnly"] != true;
        assert!(mounts.iter().any(is_mounted), "output goes to a volume");
        let env_from = list(&self.container()["envFrom"]).iter();
        let maps = env_from.map(|source| string(&source["configMapRef"]["name"]));
        let mut environment: Vec<(String, String)> = maps.flat_map(config_map).collect();
        let extra = variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        environment.extend(extra);
        Job { arguments: self.arguments(variables), folder: folder.to_owned(), environment }
    }
}

/// The entries of a config map that the kustomization generates.
fn config_map(name: &str) -> BTreeMap<String, String> {
    let kustomization = yaml("kustomization.yaml");
    let generators = list(&kustomization["configMapGenerator"]);
    let generator = generators.iter().find(|generator| generator["name"] == name);
    let generator = generator.unwrap_or_else(|| panic!("no generator makes `{name}`"));
    let files = generator["files"].as_array().into_iter().flatten().map(string);
    let mut entries: BTreeMap<String, String> =
        files.map(|file| (file.to_owned(), text(file))).collect();
    for file in generator["envs"].as_array().into_iter().flatten() {
        entries.extend(super::assignments(&text(string(file))));
    }
    entries
}
