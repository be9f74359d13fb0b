//! The operator of ClickHouse clusters.

#[tokio::main(flavor = "current_thread")]
async fn main() -> operator_core::Result<()> {
    operator_core::cli::<clickhouse_operator::ClickHouse>().await
}
