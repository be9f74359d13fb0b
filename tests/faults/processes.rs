//! The operator as a process of its own, on a control plane of its own: processes are killed and stopped at any moment, while clusters are
//! installed, changed and grown.

use std::{
    env,
    fmt::{self, Display, Formatter},
    fs::{self, File},
    io,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::{join_all, try_join_all};
use operator_testbed::{Component, Request, Testbed};
use tokio::time::{Instant, sleep};

use crate::{
    chance,
    history::{History, Stage},
    kinds::Data,
    operator::LEASE,
    story::{Step, Story},
};

/// This program is an operator where this is in its environment.
const OPERATOR: &str = "FAULTS_OPERATOR";
/// How long an operator process may take after the API server was away: it ends where it starts meanwhile, and is started again, as by a kubelet.
const RECOVERS_WITHIN: Duration = Duration::from_secs(60);
/// How long a change may take while the API server is away.
const APPLIED_WITHIN: Duration = Duration::from_secs(120);

/// What is done to processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProcessFault {
    /// SIGKILL of an operator, and another starts at once.
    OperatorKilled,
    /// SIGSTOP of an operator for longer than its lease lasts, then SIGCONT.
    OperatorStopped,
    /// SIGKILL of the API server, and it is started again within 3 seconds.
    ApiServerKilled,
    /// SIGSTOP of the API server for up to 6 seconds, then SIGCONT.
    ApiServerStopped,
    /// The same two of etcd.
    EtcdKilled,
    EtcdStopped,
    /// SIGKILL of the controller manager, and it is started again within 3 seconds.
    ControllersKilled,
}

const ALL: [ProcessFault; 9] = [
    ProcessFault::OperatorKilled,
    ProcessFault::OperatorKilled,
    ProcessFault::OperatorStopped,
    ProcessFault::OperatorStopped,
    ProcessFault::ApiServerKilled,
    ProcessFault::ApiServerStopped,
    ProcessFault::EtcdKilled,
    ProcessFault::EtcdStopped,
    ProcessFault::ControllersKilled,
];

/// What is played.
pub struct Script {
    pub seed: u64,
    pub clusters: u64,
    pub faults: u64,
    /// Whether only operators are killed: one without a lease, again and again. Otherwise there are two with a lease.
    pub only_kills: bool,
}

/// The options that repeat it.
impl Display for Script {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let kind = if self.only_kills { "kills" } else { "processes" };
        write!(formatter, "--{kind} {} --clusters {} --first {}", self.faults, self.clusters, self.seed)
    }
}

/// What came of it.
#[derive(Default)]
pub struct Outcome {
    pub faults: Vec<ProcessFault>,
    pub changes: u64,
    pub violations: Vec<String>,
}

/// Runs the operator, where this process is to be one; it ends with the process that started it.
pub async fn operate() -> Option<operator_core::Result<()>> {
    env::var_os(OPERATOR)?;
    std::thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0);
    });
    Some(operator_core::cli::<Data>().await)
}

/// Plays it.
pub async fn play(stage: &Stage, script: &Script) -> Outcome {
    let mut outcome = Outcome::default();
    if let Err(violations) = script.run(stage, &mut outcome).await {
        outcome.violations.extend(violations);
    }
    outcome
}

type Checked<T = ()> = Result<T, Vec<String>>;

fn failed(error: impl ToString) -> Vec<String> {
    vec![error.to_string()]
}

impl Script {
    async fn run(&self, stage: &Stage, outcome: &mut Outcome) -> Checked {
        let operators = Operators::start(stage.testbed, if self.only_kills { 1 } else { 2 }).map_err(failed)?;
        let histories = (0..self.clusters).map(|cluster| History::without_operator(stage, self.seed + cluster));
        let mut histories = try_join_all(histories).await.map_err(failed)?;
        let ended = AtomicBool::new(false);
        let changes = join_all(histories.iter_mut().map(|history| self.change(history, &ended)));
        let faults = async {
            let done = self.inject(stage.testbed, &operators).await;
            ended.store(true, Ordering::Relaxed);
            done
        };
        let (changed, faults) = tokio::join!(changes, faults);
        outcome.faults = faults?;
        for changed in changed {
            outcome.changes += changed?;
        }
        let ended = join_all(histories.iter_mut().map(History::stays_well)).await;
        for (history, violations) in
            histories.iter().zip(ended).filter_map(|(history, ended)| Some((history, ended.err()?)))
        {
            outcome.violations.extend(history.wire.log().into_iter().chain(violations));
        }
        outcome.violations.extend(is_quiet(stage, &histories, !self.only_kills).await.err().into_iter().flatten());
        let gone = join_all(histories.iter_mut().map(History::goes_away)).await;
        outcome.violations.extend(gone.into_iter().filter_map(Result::err).flatten());
        outcome.violations.extend(operators.end());
        Ok(())
    }

    /// Installs a cluster and goes on changing it until all is over. Returns the number of changes.
    async fn change(&self, history: &mut History<'_>, ended: &AtomicBool) -> Checked<u64> {
        let seed = history.seed;
        // Where a change is answered late or never, nobody knows how many pods someone wanted.
        let counts =
            |step: &Step| matches!(step, Step::Edit(_)) || (self.only_kills && matches!(step, Step::Scale(..)));
        let steps = (1..).flat_map(|nth| Story::of(seed + nth * 10_000).steps).map(|(step, _)| step).filter(counts);
        let first = history.story.first.clone();
        let end = || Instant::now() + APPLIED_WITHIN;
        apply(end(), async || history.edit(&first).await).await?;
        for (step, nth) in steps.zip(1..) {
            // Some changes come at once after another, some once the cluster is ready.
            let pause = chance::time(seed, "pause", nth, (500, 20_000));
            history.stage.witness.until(&history.namespace, pause, |seen| seen.is_ready(&history.newest)).await;
            sleep(pause / 4).await;
            if ended.load(Ordering::Relaxed) {
                return Ok(nth);
            }
            match step {
                Step::Edit(edit) => {
                    let spec = edit.apply(history.spec());
                    apply(end(), async || history.edit(&spec).await).await?;
                }
                step => history.take(step).await?,
            }
        }
        Ok(0)
    }

    async fn inject(&self, testbed: &Testbed, operators: &Operators) -> Checked<Vec<ProcessFault>> {
        let mut done = Vec::new();
        for nth in 0..self.faults {
            sleep(chance::time(self.seed, "until the next", nth, (50, 5000))).await;
            let fault = chance::one_of(self.seed, "fault", nth, &ALL);
            let fault = if self.only_kills { ProcessFault::OperatorKilled } else { fault };
            let down = chance::time(self.seed, "down", nth, (0, 3000));
            let one = chance::number(self.seed, "which", nth);
            match fault {
                ProcessFault::OperatorKilled => operators.kill(one).map_err(failed)?,
                ProcessFault::OperatorStopped => operators.stop(one, LEASE + down).await.map_err(failed)?,
                ProcessFault::ApiServerKilled => kill(testbed, Component::ApiServer, down, operators).await?,
                ProcessFault::ApiServerStopped => stop(testbed, Component::ApiServer, down * 2, operators).await?,
                ProcessFault::EtcdKilled => kill(testbed, Component::Etcd, down, operators).await?,
                ProcessFault::EtcdStopped => stop(testbed, Component::Etcd, down * 2, operators).await?,
                ProcessFault::ControllersKilled => kill(testbed, Component::ControllerManager, down, operators).await?,
            }
            done.push(fault);
        }
        Ok(done)
    }
}

/// Repeats a change until the API server takes it.
async fn apply(end: Instant, mut change: impl AsyncFnMut() -> Checked) -> Checked {
    loop {
        match change().await {
            Err(_) if Instant::now() < end => sleep(Duration::from_millis(200)).await,
            done => return done,
        }
    }
}

async fn kill(testbed: &Testbed, component: Component, down: Duration, operators: &Operators) -> Checked {
    operators.excuse();
    testbed.signal(component, "KILL").map_err(failed)?;
    sleep(down).await;
    testbed.start_again(component).await.map_err(failed)?;
    answers(testbed, operators).await
}

async fn stop(testbed: &Testbed, component: Component, time: Duration, operators: &Operators) -> Checked {
    operators.excuse();
    testbed.signal(component, "STOP").map_err(failed)?;
    sleep(time).await;
    testbed.signal(component, "CONT").map_err(failed)?;
    answers(testbed, operators).await
}

/// Waits until the API server answers again.
async fn answers(testbed: &Testbed, operators: &Operators) -> Checked {
    let client = testbed.client().await.map_err(failed)?;
    let end = Instant::now() + APPLIED_WITHIN;
    while let Err(error) = client.apiserver_version().await {
        if Instant::now() > end {
            return Err(failed(error));
        }
        sleep(Duration::from_millis(100)).await;
    }
    operators.excuse();
    Ok(())
}

/// Nothing is asked of clusters at rest, but by watches that are opened again. Where Kubernetes rolls a workload again by itself, or an operator
/// loses its lease, an operator looks and tells, but changes nothing.
async fn is_quiet(stage: &Stage, histories: &[History<'_>], share_lease: bool) -> Checked {
    let end = Instant::now() + APPLIED_WITHIN;
    let changes = || histories.iter().map(|history| history.rest().changes).sum::<u64>();
    loop {
        let (before, changed) = (stage.testbed.requests().map_err(failed)?.len(), changes());
        sleep(stage.quiet).await;
        let requests = stage.testbed.requests().map_err(failed)?;
        let asked: Vec<_> = requests.iter().skip(before).filter(|request| request.verb != "watch").collect();
        if asked.is_empty() {
            return Ok(());
        }
        let is_look = |request: &&Request| {
            ["get", "list"].contains(&&*request.verb) || request.subresource == "status" || request.resource == "events"
        };
        let is_excused = (share_lease || changes() > changed) && Instant::now() < end;
        if !is_excused || !asked.iter().all(is_look) {
            return Err(vec![format!("requests of clusters that were at rest: {asked:?}")]);
        }
    }
}

/// The operator's processes.
struct Operators {
    running: Arc<Mutex<Vec<Process>>>,
    /// When the API server was away last.
    away: Arc<Mutex<Option<Instant>>>,
    /// What ended though nobody had ended it.
    ended: Arc<Mutex<Vec<String>>>,
    keeper: tokio::task::JoinHandle<()>,
}

impl Operators {
    fn start(testbed: &'static Testbed, count: usize) -> io::Result<Self> {
        let running = (0..count).map(|_| Process::start(testbed, count > 1)).collect::<io::Result<Vec<_>>>()?;
        let (running, away, ended) = (Arc::new(Mutex::new(running)), Arc::default(), Arc::default());
        let keeper = tokio::spawn(keep(Arc::clone(&running), Arc::clone(&away), Arc::clone(&ended)));
        Ok(Self { running, away, ended, keeper })
    }

    fn kill(&self, one: u64) -> io::Result<()> {
        let mut running = self.running.lock().unwrap();
        let at = one as usize % running.len();
        running[at].start_again()
    }

    async fn stop(&self, one: u64, time: Duration) -> io::Result<()> {
        let id = {
            let running = self.running.lock().unwrap();
            running[one as usize % running.len()].child.id().to_string()
        };
        signal(&id, "STOP")?;
        sleep(time).await;
        signal(&id, "CONT")
    }

    /// The API server is or was away.
    fn excuse(&self) {
        *self.away.lock().unwrap() = Some(Instant::now());
    }

    /// Ends all. Returns what ended though nobody had ended it.
    fn end(self) -> Vec<String> {
        self.keeper.abort();
        self.running.lock().unwrap().clear();
        std::mem::take(&mut *self.ended.lock().unwrap())
    }
}

impl Drop for Operators {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// Starts processes again that end, as a kubelet does.
async fn keep(running: Arc<Mutex<Vec<Process>>>, away: Arc<Mutex<Option<Instant>>>, ended: Arc<Mutex<Vec<String>>>) {
    loop {
        sleep(Duration::from_millis(200)).await;
        for process in running.lock().unwrap().iter_mut() {
            let Ok(Some(status)) = process.child.try_wait() else { continue };
            if away.lock().unwrap().is_none_or(|away| away.elapsed() > RECOVERS_WITHIN) {
                ended.lock().unwrap().push(format!("an operator ended by itself: {status}: {}", process.log()));
            }
            let _ = process.start_again();
        }
    }
}

fn signal(id: &str, signal: &str) -> io::Result<()> {
    let status = Command::new("kill").args(["-s", signal, id]).status()?;
    status.success().then_some(()).ok_or_else(|| io::Error::other(format!("kill -s {signal}: {status}")))
}

/// A process of the operator.
struct Process {
    testbed: &'static Testbed,
    share_lease: bool,
    child: Child,
}

impl Process {
    fn start(testbed: &'static Testbed, share_lease: bool) -> io::Result<Self> {
        Ok(Self { testbed, share_lease, child: Self::spawn(testbed, share_lease)? })
    }

    fn spawn(testbed: &Testbed, share_lease: bool) -> io::Result<Child> {
        let log = testbed.folder().map(|folder| folder.join("operators.log")).unwrap_or_else(|| "/dev/null".into());
        let lease = LEASE.as_secs().to_string();
        let lease: &[&str] =
            if share_lease { &["--lease-namespace", "default", "--lease-duration", &lease] } else { &["--no-lease"] };
        Command::new(env::current_exe()?)
            .arg("run")
            .args(lease)
            .env(OPERATOR, "1")
            .env("KUBECONFIG", testbed.operator_kubeconfig())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(File::options().append(true).create(true).open(log)?)
            .spawn()
    }

    fn start_again(&mut self) -> io::Result<()> {
        // SIGKILL.
        self.child.kill()?;
        self.child.wait()?;
        self.child = Self::spawn(self.testbed, self.share_lease)?;
        Ok(())
    }

    /// The end of its log.
    fn log(&self) -> String {
        let log = self.testbed.folder().map(|folder| fs::read_to_string(folder.join("operators.log")));
        let log = log.and_then(Result::ok).unwrap_or_default();
        log.lines().rev().take(3).collect::<Vec<_>>().join("; ")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
