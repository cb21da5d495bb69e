//! taskferry with the plugins of `my-plugin`.

fn main() -> std::process::ExitCode {
    let runner = taskferry::Runner::new().plugins(my_plugin::register);
    runner.version(env!("CARGO_PKG_VERSION")).main()
}
