//! The files in `examples/deploy` start what they say they start.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use taskferry_testkit::{Context, Response, Tenant, page, project_file};

use crate::sandbox::SANDBOX_LINE;

/// The folder as it would stand on a machine, below the test's own: `/etc/taskferry` and `/run/credentials` are there, and
/// lines that name them lead here.
struct Machine(Context);

const UNIT: &str = "taskferry-nightly.service";

impl Machine {
    fn new() -> Self {
        let machine = Self(Context::new());
        let secret = format!("run/credentials/{UNIT}/client_secret");
        for (from, to) in [
            ("nightly.toml", "etc/taskferry/nightly.toml"),
            ("systemd/credentials.toml", "etc/taskferry/credentials.toml"),
        ] {
            machine.0.write(to, &machine.here(&text(from)));
        }
        machine.0.write("etc/taskferry/secrets/client_secret", "secret\n");
        machine.0.write(&secret, "secret\n");
        machine
    }

    /// What a file says, with its paths below the test's folder.
    fn here(&self, said: &str) -> String {
        ["/etc/taskferry", "/run/credentials", "/var/lib/taskferry"].iter().fold(
            said.to_owned(),
            |said, path| {
                let below = self.0.path(path.trim_start_matches('/'));
                said.replace(path, below.to_str().unwrap())
            },
        )
    }

    /// The folders that an administrator makes, and a tenant with two pages, of which so many are answered.
    fn tenant(&mut self) -> (Arc<AtomicUsize>, Tenant) {
        let pages = Arc::new(AtomicUsize::new(usize::MAX));
        let answered = Arc::clone(&pages);
        let tenant = Tenant::start(move |request| {
            let second = request.body.contains("c1");
            if usize::from(second) + 1 > answered.load(Ordering::SeqCst) {
                return Response::new(200, "").never_finished();
            }
            page(&[if second { "b" } else { "a" }], (!second).then_some("c1"))
        });
        for folder in ["nightly", "metrics"] {
            fs::create_dir_all(self.0.path(&format!("var/lib/taskferry/{folder}"))).unwrap();
        }
        let environment = text("nightly.env");
        let environment = environment.lines().map(|line| match line.split_once('=') {
            Some(("TECHWOLF_URL", _)) => format!("TECHWOLF_URL={}\n", tenant.url()),
            _ => format!("{line}\n"),
        });
        let token = format!("TECHWOLF_TOKEN_URL={}/oauth/token\n", tenant.url());
        self.0.write("etc/taskferry/nightly.env", &(environment.collect::<String>() + &token));
        (pages, tenant)
    }

    /// Runs a command line of a file against the sandbox.
    fn run(mut self, command: &str) -> Context {
        for line in text("nightly.env").lines() {
            let (name, value) = line.trim_start_matches("# ").split_once('=').unwrap();
            // The tenant of the example is nobody's.
            let value = if name == "TECHWOLF_URL" { "sandbox:?jobs=20" } else { value };
            if !name.starts_with("OTEL_") {
                self.0.set(name, value);
            }
        }
        let command = self.here(command);
        let arguments: Vec<&str> =
            command.split_whitespace().skip_while(|word| *word != "run").collect();
        self.0.taskferry(&[&["check"], &checked(&arguments)[..]].concat()).with_code(0);
        let ended = self.0.taskferry(&arguments).with_code(0);
        if arguments.contains(&"json") {
            let levels: Vec<Value> = ended.log().iter().map(|line| line["level"].clone()).collect();
            assert_eq!(levels, ["WARN", "INFO"], "the sandbox, the account, and nothing else");
        } else {
            assert_eq!(ended.stderr, SANDBOX_LINE, "nothing else is said when all is well");
        }
        let out = fs::read_dir(self.0.path("out")).unwrap().count();
        assert_eq!((out, self.0.path("state/nightly").is_dir()), (1, true));
        self.0
    }
}

/// What `check` has to know of the arguments of `run`: the file and the layers.
fn checked<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let layers = arguments.windows(2).filter(|pair| pair[0] == "--overlay").flatten().copied();
    std::iter::once(arguments[1]).chain(layers).collect()
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(project_file("examples/deploy")).join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn line(text: &str, beginning: &str) -> String {
    let found = text.lines().find_map(|line| line.trim_start().strip_prefix(beginning));
    found.unwrap_or_else(|| panic!("no line begins with {beginning}")).to_owned()
}

#[test]
fn the_unit_starts_a_run() {
    let unit = text(&format!("systemd/{UNIT}"));
    let context = Machine::new().run(&line(&unit, "ExecStart=/usr/local/bin/taskferry "));
    let figures = context.read("var/lib/taskferry/metrics/nightly.prom");
    assert!(figures.contains("taskferry_source_records{pipeline=\"nightly\""), "{figures}");
}

#[test]
fn the_crontab_starts_a_run() {
    let crontab = text("cron/taskferry-nightly");
    let (_, command) = crontab.split_once("exec /usr/local/bin/taskferry ").unwrap();
    let context = Machine::new().run(command.trim());
    let figures = context.read("var/lib/taskferry/metrics/nightly.prom");
    assert!(figures.contains("\ntaskferry_run_resumable{pipeline=\"nightly\"} 0\n"));
    assert!(!crontab.contains('%'), "cron would take it for a line break");
}

#[test]
fn the_crontab_goes_on_after_kill_9_and_does_nothing_more_when_that_is_over() {
    let mut machine = Machine::new();
    let crontab = text("cron/taskferry-nightly");
    let line = crontab.lines().find(|line| line.contains("taskferry run")).unwrap();
    // What cron hands to its shell: what stands behind the five fields and the user.
    let command = line.splitn(7, ' ').last().unwrap();
    let command = machine.here(command).replace("/usr/local/bin/taskferry", "\"$TASKFERRY\"");
    let (pages, tenant) = machine.tenant();
    let run = |context: &Context| context.script(&command);

    // The second page is never answered, and the run is killed while it waits for it.
    pages.store(1, Ordering::SeqCst);
    let running = machine.0.start_script(&command);
    tenant.wait_for_requests(3);
    let checkpoint = machine.0.path("var/lib/taskferry/nightly/state/nightly/checkpoint.json");
    while !fs::read_to_string(&checkpoint).is_ok_and(|text| text.contains("\"pages\": 1")) {
        std::thread::yield_now();
    }
    drop(running);
    assert!(!machine.0.path("var/lib/taskferry/metrics/nightly.prom").exists());

    pages.store(usize::MAX, Ordering::SeqCst);
    let asked = tenant.requests().len();
    run(&machine.0).with_code(0);
    let requests = tenant.requests();
    assert!(requests[asked..].iter().any(|request| request.body.contains("c1")), "it goes on");
    assert!(
        !requests[asked..].iter().any(|it| it.target != "/oauth/token" && !it.body.contains("c1"))
    );
    let out = machine.0.path("var/lib/taskferry/nightly/out");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);

    let ended = run(&machine.0).with_code(0);
    assert_eq!(ended.stderr, "");
    assert_eq!(tenant.requests().len(), requests.len(), "nothing is asked for any more");
    machine.0.set("TASKFERRY_STATE__RESUME_WITHIN", "0s");
    run(&machine.0).with_code(0);
    assert!(tenant.requests().len() > requests.len(), "the next night is another run");
}

#[test]
fn the_cron_job_starts_a_run() {
    let job = text("kubernetes/cronjob.yaml");
    let arguments = line(&job, "args: ");
    let words: Vec<&str> = arguments.trim_matches(['[', ']']).split(", ").collect();
    Machine::new().run(&words.join(" "));
}

#[test]
fn the_indexed_job_takes_all_shares_and_they_merge() {
    let job = text("kubernetes/indexed-job.yaml");
    assert_eq!(line(&job, "completions: "), line(&job, "parallelism: "));
    let arguments = line(&job, "args: ");
    let words = arguments.trim_matches(['[', ']']).split(", ");
    let words: Vec<&str> = words.map(|word| word.trim_matches('"')).collect();
    let shares = words[words.iter().position(|word| *word == "--shard").unwrap() + 1];
    assert_eq!(line(&job, "completions: "), shares);
    assert!(job.contains("completionMode: Indexed"), "or nobody says which share it is");
    // The whole export before it leaves the cursors, and the state is on the same volume.
    let whole = line(&text("kubernetes/cronjob.yaml"), "args: ");
    assert!(whole.contains(words[1]), "the same pipeline");
    let mut context = Machine::new().run(&format!("run {} --quiet", words[1]));
    for index in 0..shares.parse().unwrap() {
        context.set("JOB_COMPLETION_INDEX", index.to_string());
        let here = |word: &&str| {
            let below = context.path("etc/taskferry");
            let word = word.replace("/etc/taskferry", below.to_str().unwrap());
            word.replace("$(JOB_COMPLETION_INDEX)", &index.to_string())
        };
        let command: Vec<String> = words.iter().map(here).collect();
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        context.taskferry(&command).with_code(0);
    }
    let merge = line(&text("kubernetes/merge-job.yaml"), "args: ");
    let words: Vec<&str> = merge.trim_matches(['[', ']']).split(", ").collect();
    context.taskferry(&words).with_code(0);
}

#[test]
fn a_run_that_is_told_to_stop_is_given_more_time_than_it_takes() {
    let unit = text(&format!("systemd/{UNIT}"));
    let job = text("kubernetes/cronjob.yaml");
    let seconds = |text: &str, beginning: &str| -> u64 {
        let value = line(text, beginning);
        let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    };
    // What was read, cleaning up, and a collector that is away.
    let longest = 10 + 5 + 5;
    assert!(seconds(&unit, "TimeoutStopSec=") > longest);
    assert!(seconds(&job, "terminationGracePeriodSeconds: ") > longest);
}

#[test]
fn exit_codes_are_treated_alike_everywhere() {
    let unit = text(&format!("systemd/{UNIT}"));
    let job = text("kubernetes/cronjob.yaml");
    assert_eq!(line(&unit, "RestartPreventExitStatus="), "1 2 6 8");
    for job in [job, text("kubernetes/indexed-job.yaml")] {
        let values: Vec<&str> =
            job.lines().filter_map(|line| line.trim_start().strip_prefix("values: ")).collect();
        assert_eq!(values, ["[1, 2, 6, 8]", "[3, 4, 5, 7, 137, 143]"]);
    }
}

#[test]
fn the_kustomization_names_files_that_are_there() {
    let kustomization = text("kustomization.yaml");
    for name in ["kubernetes/cronjob.yaml", "kubernetes/volume.yaml", "nightly.toml", "nightly.env"]
    {
        assert!(kustomization.contains(name) && file(name).is_file(), "{name}");
    }
    // Jobs that are applied by themselves name what kustomize makes and where the image is.
    assert!(kustomization.contains("disableNameSuffixHash: true"));
    let tag = line(&kustomization, "newTag: ");
    for job in ["kubernetes/indexed-job.yaml", "kubernetes/merge-job.yaml"] {
        assert!(text(job).contains(&format!("image: taskferry:{tag} ")), "{job}");
    }
    let ignored = text("docker/Dockerfile.dockerignore");
    for kept in ignored.lines().filter_map(|line| line.strip_prefix('!')) {
        assert!(Path::new(&project_file(kept)).exists(), "{kept}");
    }
    let job = text("kubernetes/cronjob.yaml");
    assert!(text("nightly.toml").contains("${file:secrets/client_secret}"));
    assert!(job.contains("path: secrets/client_secret"), "where the pipeline looks for it");
}
