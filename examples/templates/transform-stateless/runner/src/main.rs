//! taskferry with the plugins of `my-plugin`.

fn main() -> std::process::ExitCode {
    let version = env!("CARGO_PKG_VERSION");
    taskferry::Runner::new()
        .plugins(my_plugin::register)
        .version(version)
        .main()
}
