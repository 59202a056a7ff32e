//! Speed: requests answered by one core, beside a bare server on the same HTTP stack, in the same run.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use serde::Deserialize;

use crate::sh;

/// How long and what to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// Seconds of load a round.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Rounds; figures are medians.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Keep-alive connections, one run for each.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 64])]
    connections: Vec<usize>,
    /// Measure no instructions (they need valgrind and take longest).
    #[arg(long)]
    no_instructions: bool,
    /// Measure this alone.
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Measure start, memory and Encrypt with so many keys too, ascending (a million take minutes to make).
    #[arg(long, value_delimiter = ',')]
    keys: Vec<usize>,
}

/// What can be measured alone.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Encrypt, Decrypt and GenerateDataKey beside a bare server.
    Requests,
    /// Sign and CreateKey beside the library's own operations.
    Asymmetric,
    /// Encrypt beside RSA.
    Mixed,
    /// Many keys.
    Keys,
}

/// The server runs on the first, the load on the second: neither takes time from the other.
const SERVER_CORE: &str = "0";
const LOAD_CORE: &str = "1";
/// Requests of the shorter of the two runs whose difference is the cost of a call.
const INSTRUCTION_CALLS: u64 = 2000;
const OPERATIONS: [&str; 3] = ["Encrypt", "Decrypt", "GenerateDataKey"];
const ACCOUNT: &str = "111122223333";

/// A way to run the server.
#[derive(Clone, Copy)]
struct Mode {
    name: &'static str,
    /// The audit durability of a data folder; none is the development server.
    durability: Option<&'static str>,
}

const MODES: [Mode; 3] = [
    Mode { name: "serve, audit os", durability: Some("os") },
    Mode { name: "serve, audit disk", durability: Some("disk") },
    Mode { name: "dev, in memory", durability: None },
];

#[derive(Deserialize)]
struct Prepared {
    operation: String,
    request: usize,
    response: usize,
}

#[derive(Deserialize)]
struct Load {
    answers: f64,
    refused: u64,
    seconds: f64,
    p50_us: f64,
    p99_us: f64,
}

/// One round's result.
#[derive(Clone, Copy, Default)]
struct Figures {
    per_second: f64,
    /// Answers in a second of the server's processor time: what suffers least when the machine is busy.
    per_cpu_second: f64,
    p50_us: f64,
    p99_us: f64,
}

/// Builds, measures and prints; fails when an answer is not a success.
pub(crate) fn run(options: &Options) -> Result<bool> {
    ensure!(sh::on_path("taskset"), "taskset (util-linux) is needed to keep server and load apart");
    let built = sh::cargo().args(["build", "--release", "--locked", "-p", "claviger", "-p", "claviger-bench"]).status();
    ensure!(built?.success(), "the build failed");
    let bench = Bench::new(sh::target_dir()?)?;
    let wanted = |part| options.only.is_none_or(|only| only == part);
    if wanted(Part::Requests) {
        requests(&bench, options)?;
    }
    if wanted(Part::Asymmetric) {
        bench.part("asymmetric", &[])?;
    }
    if wanted(Part::Mixed) {
        bench.part("mixed", &[])?;
    }
    if !options.keys.is_empty() || options.only == Some(Part::Keys) {
        let counts = options.keys.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        let counts = ["--counts", &counts];
        bench.part("keys", if options.keys.is_empty() { &[] } else { &counts })?;
    }
    Ok(true)
}

/// The symmetric operations beside a bare server.
fn requests(bench: &Bench, options: &Options) -> Result<()> {
    let mut servers = Vec::new();
    for mode in MODES {
        servers.push((mode, bench.server(mode, &[])?));
    }
    let sizes = servers.first().map(|(_, server)| server.sizes.as_slice()).unwrap_or_default();
    println!("\nRequests a second on one core, median of {} rounds of {} s", options.rounds, options.seconds);
    println!("Ratios are to the bare server; those of a CPU second suffer less when the machine is busy.");
    for operation in OPERATIONS {
        let size = sizes.iter().find(|size| size.operation == operation).context("no such operation prepared")?;
        let bare = bench.bare(size.response)?;
        println!("\n{operation}: request {} bytes, answer {} bytes", size.request, size.response);
        println!(
            "  {:<20} {:>5} {:>11} {:>6} {:>13} {:>6} {:>8} {:>8}",
            "", "conn.", "requests/s", "ratio", "per CPU s", "ratio", "p50 us", "p99 us"
        );
        for &connections in &options.connections {
            let mut contenders = vec![("bare hyper", &bare)];
            contenders.extend(servers.iter().map(|(mode, server)| (mode.name, server)));
            compare(bench, options, operation, connections, &contenders)?;
        }
    }
    println!(
        "\nEncrypt under the default policy, and governed: a user with two policies, a key policy of 20 statements, 1,000 grants"
    );
    for (mode, server) in servers.iter().filter(|(mode, _)| mode.durability.is_some()) {
        for &connections in &options.connections {
            compare_governed(bench, options, mode.name, connections, server)?;
        }
    }
    drop(servers);
    if options.no_instructions {
        return Ok(());
    }
    if !sh::on_path("valgrind") {
        println!("\nInstructions a call: not measured, because valgrind is not installed.");
        return Ok(());
    }
    println!("\nInstructions a call, user space, {INSTRUCTION_CALLS} calls on one connection (callgrind)");
    for mode in MODES.into_iter().filter(|mode| mode.durability != Some("disk")) {
        for operation in OPERATIONS {
            println!("  {:<20} {:<16} {:>9.0}", mode.name, operation, bench.instructions(mode, operation)?);
        }
    }
    Ok(())
}

/// Measures all contenders in turn, round after round, so that whatever else happens on the machine hits all of them.
fn compare(
    bench: &Bench,
    options: &Options,
    operation: &str,
    connections: usize,
    contenders: &[(&str, &Server)],
) -> Result<()> {
    let mut rounds: BTreeMap<usize, Vec<Figures>> = BTreeMap::new();
    // The first round fills caches and is not counted.
    for round in 0..=options.rounds {
        let seconds = if round == 0 { options.seconds.min(0.5) } else { options.seconds };
        for (index, (_, server)) in contenders.iter().enumerate() {
            // The bare server gets the very bytes the first real one gets.
            let requests = if index == 0 { contenders.get(1).map_or(*server, |(_, real)| real) } else { server };
            let requests = requests.requests.join(operation);
            let figures = bench.measure(server, &requests, connections, seconds)?;
            if round > 0 {
                rounds.entry(index).or_default().push(figures);
            }
        }
    }
    let floor = median(rounds.get(&0).map(Vec::as_slice).unwrap_or_default());
    for (index, (name, _)) in contenders.iter().enumerate() {
        let figures = median(rounds.get(&index).map(Vec::as_slice).unwrap_or_default());
        println!(
            "  {name:<20} {connections:>5} {:>11.0} {:>6.2} {:>13.0} {:>6.2} {:>8.0} {:>8.0}",
            figures.per_second,
            figures.per_second / floor.per_second,
            figures.per_cpu_second,
            figures.per_cpu_second / floor.per_cpu_second,
            figures.p50_us,
            figures.p99_us
        );
    }
    Ok(())
}

/// The same server with two kinds of requests, in turn.
fn compare_governed(bench: &Bench, options: &Options, name: &str, connections: usize, server: &Server) -> Result<()> {
    let mut rounds = [Vec::new(), Vec::new()];
    for round in 0..=options.rounds {
        for (figures, file) in rounds.iter_mut().zip(["Encrypt", "EncryptGoverned"]) {
            let measured = bench.measure(server, &server.requests.join(file), connections, options.seconds)?;
            if round > 0 {
                figures.push(measured);
            }
        }
    }
    let [plain, governed] = rounds.each_ref().map(|figures| median(figures));
    println!(
        "  {name:<20} {connections:>5} {:>11.0} {:>11.0} {:>6.2} of it; per CPU s {:>6.2}",
        plain.per_second,
        governed.per_second,
        governed.per_second / plain.per_second,
        governed.per_cpu_second / plain.per_cpu_second
    );
    Ok(())
}

fn median(rounds: &[Figures]) -> Figures {
    let middle = |pick: fn(&Figures) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(pick).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    Figures {
        per_second: middle(|figures| figures.per_second),
        per_cpu_second: middle(|figures| figures.per_cpu_second),
        p50_us: middle(|figures| figures.p50_us),
        p99_us: middle(|figures| figures.p99_us),
    }
}

/// A server that runs, and requests for it.
struct Server {
    child: Child,
    address: SocketAddr,
    requests: PathBuf,
    sizes: Vec<Prepared>,
}

impl Server {
    /// Processor time used so far, in seconds, all threads.
    fn cpu_seconds(&self) -> Result<f64> {
        let mut nanoseconds = 0.0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
            let spent = text.split(' ').next().context("schedstat is empty")?;
            nanoseconds += spent.parse::<f64>()?;
        }
        Ok(nanoseconds / 1e9)
    }

    /// Asks the server to stop and waits until it has.
    fn stop(&mut self) -> Result<()> {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status()?;
        ensure!(asked.success(), "the server is gone already");
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Bench {
    programs: PathBuf,
    folder: PathBuf,
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Bench {
    fn new(target: PathBuf) -> Result<Self> {
        let folder = target.join("bench-data");
        // What a run that was interrupted left behind.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        Ok(Self { programs: target.join("release"), folder })
    }

    /// Runs a part that measures and prints by itself.
    fn part(&self, name: &str, options: &[&str]) -> Result<()> {
        let mut command = Command::new(self.programs.join("claviger-bench"));
        command.arg(name).arg("--program").arg(self.programs.join("claviger")).arg("--folder").arg(&self.folder);
        ensure!(command.args(options).status()?.success(), "the part {name} failed");
        Ok(())
    }

    fn bare(&self, response_bytes: usize) -> Result<Server> {
        let mut command = on_core(SERVER_CORE, &[], &self.programs.join("claviger-bench"));
        command.args(["bare", "--listen", "127.0.0.1:0", "--response-bytes", &response_bytes.to_string()]);
        let (child, address) = ready(&mut command)?;
        Ok(Server { child, address, requests: PathBuf::new(), sizes: Vec::new() })
    }

    /// Starts a server (through `wrapper`, if there is one) and prepares requests for it.
    fn server(&self, mode: Mode, wrapper: &[&str]) -> Result<Server> {
        let name = mode.durability.unwrap_or("memory");
        let program = self.programs.join("claviger");
        let mut command = on_core(SERVER_CORE, wrapper, &program);
        command.env("CLAVIGER_SERVER_THREADS", "1").env("CLAVIGER_LOG_FILTER", "warn");
        let (data, requests) = (self.folder.join(name), self.folder.join(format!("{name}-requests")));
        let _ = std::fs::remove_dir_all(&data);
        let _ = std::fs::remove_file(self.folder.join(format!("{name}.unseal-key")));
        std::fs::create_dir_all(&requests)?;
        let mut prepare = Command::new(self.programs.join("claviger-bench"));
        prepare.arg("prepare").arg("--to").arg(&requests);
        match mode.durability {
            Some(durability) => {
                let output = Command::new(&program)
                    .args(["init", "--account", ACCOUNT, "--data-dir"])
                    .arg(&data)
                    .stderr(Stdio::inherit())
                    .output()?;
                ensure!(output.status.success(), "claviger init failed");
                let text = String::from_utf8(output.stdout)?;
                let export = |name: &str| {
                    text.lines()
                        .find_map(|line| line.strip_prefix(&format!("export {name}=")))
                        .context("no credentials")
                };
                prepare.args(["--access-key-id", export("AWS_ACCESS_KEY_ID")?]);
                prepare.args(["--secret", export("AWS_SECRET_ACCESS_KEY")?]);
                command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&data);
                command.env("CLAVIGER_AUDIT_DURABILITY", durability);
            }
            None => {
                prepare.args(["--access-key-id", "AKIAIOSFODNN7EXAMPLE"]);
                command.args(["dev", "--listen", "127.0.0.1:0"]);
            }
        }
        let (child, address) = ready(&mut command)?;
        let mut server = Server { child, address, requests, sizes: Vec::new() };
        let output = prepare.args(["--address", &address.to_string()]).stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "requests could not be prepared");
        for line in String::from_utf8(output.stdout)?.lines() {
            server.sizes.push(serde_json::from_str(line)?);
        }
        Ok(server)
    }

    fn measure(&self, server: &Server, requests: &Path, connections: usize, seconds: f64) -> Result<Figures> {
        let before = server.cpu_seconds()?;
        let load = self.load(server.address, requests, connections, &["--seconds", &seconds.to_string()])?;
        let spent = server.cpu_seconds()? - before;
        Ok(Figures {
            per_second: load.answers / load.seconds,
            per_cpu_second: load.answers / spent,
            p50_us: load.p50_us,
            p99_us: load.p99_us,
        })
    }

    fn load(&self, address: SocketAddr, requests: &Path, connections: usize, until: &[&str]) -> Result<Load> {
        let mut command = on_core(LOAD_CORE, &[], &self.programs.join("claviger-bench"));
        command.args(["load", "--address", &address.to_string(), "--connections", &connections.to_string()]);
        let output = command.args(until).arg("--requests").arg(requests).stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "the load failed");
        let load: Load = serde_json::from_slice(&output.stdout)?;
        ensure!(load.refused == 0, "{} of {} answers were refusals", load.refused, load.answers);
        Ok(load)
    }

    /// What one more call costs: start, preparation and stop cancel out between two runs of different length.
    fn instructions(&self, mode: Mode, operation: &str) -> Result<f64> {
        let mut totals = [0.0; 2];
        for (total, calls) in totals.iter_mut().zip([INSTRUCTION_CALLS, 2 * INSTRUCTION_CALLS]) {
            let out = self.folder.join("callgrind.out");
            let out_option = format!("--callgrind-out-file={}", out.display());
            let mut server = self.server(mode, &["valgrind", "-q", "--tool=callgrind", &out_option])?;
            self.load(server.address, &server.requests.join(operation), 1, &["--count", &calls.to_string()])?;
            server.stop()?;
            let text = std::fs::read_to_string(&out).context("callgrind wrote nothing")?;
            let totals = text.lines().find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
            *total = totals.context("callgrind wrote no total")?.trim().parse()?;
        }
        let [short, long] = totals;
        Ok((long - short) / INSTRUCTION_CALLS as f64)
    }
}

/// `program`, through `wrapper` if there is one, kept on one core.
fn on_core(core: &str, wrapper: &[&str], program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]).args(wrapper).arg(program);
    command
}

/// Starts a server that says where it listens in the first line it prints.
fn ready(command: &mut Command) -> Result<(Child, SocketAddr)> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line)?;
    }
    let address = line.trim_end().rsplit_once("http://").and_then(|(_, address)| address.parse().ok());
    match address {
        Some(address) => Ok((child, address)),
        None => {
            let _ = child.kill();
            let _ = child.wait();
            anyhow::bail!("a server did not start: {line}")
        }
    }
}
