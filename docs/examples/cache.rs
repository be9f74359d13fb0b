//! The operator of the guide's `Cache`: what the pages call `cache-operator`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> operator_core::Result<()> {
    operator_core::cli::<operator_guide::Cache>().await
}
