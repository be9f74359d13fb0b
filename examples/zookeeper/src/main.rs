//! The operator of ZooKeeper ensembles.

#[tokio::main(flavor = "current_thread")]
async fn main() -> operator_core::Result<()> {
    operator_core::cli::<zookeeper_operator::ZooKeeper>().await
}
