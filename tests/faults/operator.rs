//! The operator of one namespace, which dies and is started anew with an empty memory.

use std::{collections::VecDeque, time::Duration};

use operator_core::runtime::Operator;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    kinds::Data,
    story::Death,
    wire::{Fault, Line, Wire},
};

/// How long an operator may take to end once it is told so: a request may take 30 seconds.
const ENDS_WITHIN: Duration = Duration::from_secs(40);

/// Operators, one after the other.
pub struct Running {
    orders: mpsc::Sender<(Order, oneshot::Sender<()>)>,
    task: JoinHandle<Result<(), String>>,
}

enum Order {
    Disturb,
    Kill,
    Restart,
    End,
}

impl Running {
    /// Starts an operator. Once it is disturbed, it dies as `deaths` has it.
    pub fn start(wire: Wire, namespace: &str, deaths: &[Death]) -> Self {
        let (orders, received) = mpsc::channel(1);
        let next = Next { wire, namespace: namespace.to_owned(), deaths: deaths.iter().copied().collect() };
        Self { orders, task: tokio::spawn(next.run(received)) }
    }

    /// The operator dies from now on, as it was told.
    pub async fn disturb(&self) {
        self.order(Order::Disturb).await;
    }

    /// Ends the operator as SIGKILL does, and starts another.
    pub async fn kill(&self) {
        self.order(Order::Kill).await;
    }

    /// Ends the operator as SIGTERM does, and starts another.
    pub async fn restart(&self) {
        self.order(Order::Restart).await;
    }

    /// Ends the operator for good.
    ///
    /// # Errors
    /// Where one ended that nobody had ended.
    pub async fn end(self) -> Result<(), String> {
        self.order(Order::End).await;
        self.task.await.unwrap_or_else(|error| Err(error.to_string()))
    }

    /// Returns once it is carried out.
    async fn order(&self, order: Order) {
        let (done, is_done) = oneshot::channel();
        if self.orders.send((order, done)).await.is_ok() {
            let _ = is_done.await;
        }
    }
}

struct Next {
    wire: Wire,
    namespace: String,
    deaths: VecDeque<Death>,
}

/// An operator that runs.
struct Alive {
    line: Line,
    task: JoinHandle<()>,
    shutdown: oneshot::Sender<()>,
}

impl Next {
    async fn run(mut self, mut orders: mpsc::Receiver<(Order, oneshot::Sender<()>)>) -> Result<(), String> {
        let mut disturbed = false;
        loop {
            let mut alive = self.start();
            let death = self.deaths.front().copied().filter(|_| disturbed);
            if let Some(death) = death {
                self.wire.kill_after(death.after, death.how);
            }
            let mut done = None;
            tokio::select! {
                () = alive.line.died() => {
                    alive.kill().await;
                    self.deaths.pop_front();
                    sleep(Duration::from_millis(death.map_or(0, |death| death.down))).await;
                }
                ended = &mut alive.task => return Err(format!("the operator ended by itself: {ended:?}")),
                order = orders.recv() => {
                    let Some((order, told)) = order else { return Ok(()) };
                    done = Some(told);
                    match order {
                        Order::Disturb => disturbed = true,
                        Order::Kill => self.wire.note(Fault::KilledBefore, "at any time"),
                        Order::Restart => self.wire.note(Fault::Restarted, "at any time"),
                        Order::End => {}
                    }
                    match order {
                        Order::Disturb | Order::Kill => alive.kill().await,
                        Order::Restart | Order::End => alive.end().await?,
                    }
                    if let Order::End = order {
                        return Ok(());
                    }
                }
            }
            drop(done);
        }
    }

    fn start(&self) -> Alive {
        self.wire.tell("an operator starts");
        let line = self.wire.line();
        let (shutdown, ended) = oneshot::channel::<()>();
        let operator = Operator::new::<Data>(line.client()).namespace(Some(self.namespace.clone()));
        let task = tokio::spawn(operator.run(async {
            let _ = ended.await;
        }));
        Alive { line, task, shutdown }
    }
}

impl Alive {
    async fn kill(self) {
        self.line.die();
        self.task.abort();
        let _ = self.task.await;
    }

    async fn end(self) -> Result<(), String> {
        let _ = self.shutdown.send(());
        let ended = timeout(ENDS_WITHIN, self.task).await;
        self.line.die();
        match ended {
            Err(_) => Err("the operator doesn't end when it is told so".to_owned()),
            Ok(Err(error)) => Err(format!("the operator ended by itself: {error}")),
            Ok(Ok(())) => Ok(()),
        }
    }
}
