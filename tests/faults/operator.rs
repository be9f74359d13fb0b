//! The operators of one namespace, which die and are started anew with an empty memory. Each has a thread of its own, which can be stopped.

use std::{thread, time::Duration};

use operator_core::runtime::{Operator, lease::LeaseOptions};
use tokio::{
    runtime::{Builder, Handle},
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    kinds::Data,
    wire::{Fault, Line, Wire},
};

/// How long an operator may take to end once it is told so: a request may take 30 seconds.
const ENDS_WITHIN: Duration = Duration::from_secs(40);
/// How long a lease lasts without a renewal. Where many histories are played at once, a shorter one would hardly be renewed in time.
pub const LEASE: Duration = Duration::from_secs(5);

/// The operators: one, or two of which the one with the lease works. Each is one after the other.
#[derive(Default)]
pub struct Running(Vec<Slot>);

/// One operator after the other.
struct Slot {
    orders: mpsc::Sender<(Order, oneshot::Sender<()>)>,
    task: JoinHandle<Result<(), String>>,
}

#[derive(Clone, Copy)]
enum Order {
    Kill,
    Restart,
    End,
}

impl Running {
    /// Starts an operator, or two that share a lease.
    pub fn start(wire: &Wire, namespace: &str, share_lease: bool) -> Self {
        let lease = share_lease.then(|| LeaseOptions { namespace: namespace.to_owned(), duration: LEASE });
        let slot = |_| {
            let (orders, received) = mpsc::channel(1);
            let next = Next { wire: wire.clone(), namespace: namespace.to_owned(), lease: lease.clone() };
            Slot { orders, task: tokio::spawn(next.run(received)) }
        };
        Self((0..if share_lease { 2 } else { 1 }).map(slot).collect())
    }

    /// Ends the first operator as SIGKILL does, and starts another.
    pub async fn kill(&self) {
        self.order(1, Order::Kill).await;
    }

    /// Ends all as SIGKILL does, and starts others.
    pub async fn kill_all(&self) {
        self.order(self.0.len(), Order::Kill).await;
    }

    /// Ends the first operator as SIGTERM does, and starts another.
    pub async fn restart(&self) {
        self.order(1, Order::Restart).await;
    }

    /// Ends them for good.
    ///
    /// # Errors
    /// Where one ended that nobody had ended.
    pub async fn end(self) -> Result<(), String> {
        self.order(self.0.len(), Order::End).await;
        for slot in self.0 {
            slot.task.await.unwrap_or_else(|error| Err(error.to_string()))?;
        }
        Ok(())
    }

    /// Returns once it is carried out.
    async fn order(&self, slots: usize, order: Order) {
        for slot in self.0.iter().take(slots) {
            let (done, is_done) = oneshot::channel();
            if slot.orders.send((order, done)).await.is_ok() {
                let _ = is_done.await;
            }
        }
    }
}

struct Next {
    wire: Wire,
    namespace: String,
    lease: Option<LeaseOptions>,
}

/// An operator that runs.
struct Alive {
    line: Line,
    /// Of its thread; an error: it was killed, or panicked.
    ended: oneshot::Receiver<()>,
    shutdown: oneshot::Sender<()>,
    kill: oneshot::Sender<()>,
}

impl Next {
    async fn run(self, mut orders: mpsc::Receiver<(Order, oneshot::Sender<()>)>) -> Result<(), String> {
        loop {
            let mut alive = self.start()?;
            let mut done = None;
            tokio::select! {
                down = alive.line.died() => {
                    alive.kill().await;
                    sleep(down).await;
                }
                ended = &mut alive.ended => return Err(format!("the operator ended by itself: {ended:?}")),
                order = orders.recv() => {
                    let Some((order, told)) = order else { return Ok(()) };
                    done = Some(told);
                    match order {
                        Order::Kill => {
                            self.wire.note(Fault::KilledBefore, "at any time");
                            alive.kill().await;
                        }
                        Order::Restart => {
                            self.wire.note(Fault::Restarted, "at any time");
                            sleep(alive.end().await?).await;
                        }
                        Order::End => return alive.end().await.map(drop),
                    }
                }
            }
            drop(done);
        }
    }

    fn start(&self) -> Result<Alive, String> {
        self.wire.tell("an operator starts");
        // What comes from other threads waits until the operator has nothing else to do: it is never stopped between looking at its lease and
        // sending a request.
        let runtime = Builder::new_current_thread().enable_all().global_queue_interval(u32::MAX).build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let (line, wire) = (self.wire.line(runtime.handle().clone()), Handle::current());
        let (shutdown, is_shut) = oneshot::channel::<()>();
        let (kill, is_killed) = oneshot::channel::<()>();
        let (end, ended) = oneshot::channel();
        let (namespace, lease, asked) = (self.namespace.clone(), self.lease.clone(), line.clone());
        thread::spawn(move || {
            runtime.block_on(async {
                let operator = Operator::new::<Data>(asked.client(wire)).namespace(Some(namespace)).lease(lease);
                let shutdown = async {
                    let _ = is_shut.await;
                };
                tokio::select! {
                    () = operator.run(shutdown) => drop(end.send(())),
                    _ = is_killed => {}
                }
            });
            runtime.shutdown_background();
        });
        Ok(Alive { line, ended, shutdown, kill })
    }
}

impl Alive {
    async fn kill(self) {
        self.line.die(Duration::ZERO);
        let _ = self.kill.send(());
        let _ = self.ended.await;
    }

    /// How long the next one waits: where one of its last writes is its death.
    async fn end(mut self) -> Result<Duration, String> {
        let _ = self.shutdown.send(());
        let ended = tokio::select! {
            down = self.line.died() => {
                let _ = self.kill.send(());
                let _ = self.ended.await;
                return Ok(down);
            }
            ended = timeout(ENDS_WITHIN, &mut self.ended) => ended,
        };
        self.line.die(Duration::ZERO);
        match ended {
            Err(_) => Err("the operator doesn't end when it is told so".to_owned()),
            Ok(Err(_)) => Err("the operator panicked".to_owned()),
            Ok(Ok(())) => Ok(Duration::ZERO),
        }
    }
}
