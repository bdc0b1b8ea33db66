//! From an address to a server whose services are known.
use crate::failure::Failure;
use rpc_core::{Client, Connect, Connection, Error, Introspection, Outcome, Service, schema::ServiceSchema};
use std::{env, time::Duration};

/// How long connecting may take, and again asking what is served: round trips that no handler of the program delays.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// A server that has told what it serves.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) connection: Connection,
    pub(crate) services: Vec<ServiceSchema>,
}

/// Connects to `address`, and asks what is served there. Neither takes longer than 5 s, or than the call itself may.
pub(crate) fn connect(address: &str, call_time_max: Option<Duration>) -> Result<Server, Failure> {
    let time_max = CONNECT_TIME_MAX.min(call_time_max.unwrap_or(CONNECT_TIME_MAX));
    let connect = Connect::new(written_out(address)?).service(Introspection::INFO).timeout(time_max);
    let connection = connect.connect()?;
    let services = Introspection::client(connection.clone()).timeout(time_max).describe()?.services;
    services.iter().try_for_each(check)?;
    Ok(Server { connection, services })
}

/// The address itself, where `:` stands for it.
fn written_out(address: &str) -> Result<String, Failure> {
    if address != ":" {
        return Ok(address.to_owned());
    }
    match env::var("RPC_ADDR") {
        Ok(address) if address.is_empty() => Err(Failure::NoAddress("empty")),
        Ok(address) => Ok(address),
        Err(env::VarError::NotPresent) => Err(Failure::NoAddress("not set")),
        Err(env::VarError::NotUnicode(_)) => Err(Failure::NoAddress("not valid UTF-8")),
    }
}

/// Calls rely on a schema that holds together.
fn check(service: &ServiceSchema) -> Result<(), Error> {
    service.check().map_err(|fault| Error::Protocol {
        problem: format!("its schema of {}: {fault}", service.name),
        outcome: Outcome::NotSent,
    })
}
