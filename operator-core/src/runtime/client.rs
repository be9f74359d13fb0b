//! A client for operators.

use std::time::Duration;

use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use kube::{
    Client, Config, Error,
    client::{Body, ConfigExt},
};
use tower::{BoxError, ServiceBuilder};

/// Time to connect, and after which a silent peer is asked whether it is still there.
const CONNECT: Duration = Duration::from_secs(30);
/// Largest read buffer of a connection, in bytes. Every watch has a connection for itself, whose buffer grows with its first list and stays.
const BUFFER: usize = 64 * 1024;

/// Makes a client that sends small requests at once (kube's own leaves `TCP_NODELAY` off, which costs 40 ms now and then), and that doesn't
/// retry by itself: the reconcile loop does.
///
/// # Errors
/// Where the configuration's certificates, tokens or proxy can't be used.
pub fn client(mut config: Config) -> Result<Client, Error> {
    config.default_retry = false;
    if config.proxy_url.is_some() {
        return Client::try_from(config);
    }
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_keepalive(Some(CONNECT));
    connector.set_connect_timeout(Some(CONNECT));
    let connector = config.rustls_https_connector_with_connector(connector)?;
    let http = legacy::Client::builder(TokioExecutor::new()).http1_max_buf_size(BUFFER).build::<_, Body>(connector);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(http);
    Ok(Client::new(service, config.default_namespace))
}
