//! What a request shows. A credential is read from somewhere else than the command line, which other
//! users of a machine can read.

use std::{
    env,
    fs::File,
    io::{self, Read},
};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use tower_auth::describe::{LayerDescription, PlaceDescription, ProviderDescription, Requirement};

use crate::{arguments::CheckFile, fault::Fault};

/// The headers of a request.
pub(super) struct Shown(Vec<Header>);

struct Header {
    name: HeaderName,
    value: HeaderValue,
    /// How it is told, without a credential.
    told: String,
}

impl Shown {
    pub(super) fn read(
        arguments: &CheckFile,
        description: &LayerDescription,
        requirement: &Requirement<'_>,
        secret_headers: &[HeaderName],
    ) -> Result<Self, Fault> {
        let mut input = Input::default();
        let mut headers = Vec::new();
        if let Some(from) = &arguments.credential {
            let credential = input.read("--credential", from)?;
            let asked = match requirement.providers() {
                [] => description.providers(),
                asked => asked,
            };
            headers.push(placed(asked, &credential)?);
        }
        for text in &arguments.header {
            let (name, value) = text.split_once(':').ok_or_else(no_header)?;
            let name = HeaderName::try_from(name.trim()).map_err(|_| no_header())?;
            let value = value.trim();
            let is_secret = ALWAYS_SECRET.contains(&name) || secret_headers.contains(&name);
            let (value, told) = match is_secret {
                true => (input.read("--header", value)?, name.to_string()),
                false => (value.to_owned(), format!("{name}: {value}")),
            };
            let value = header_value("--header", value)?;
            headers.push(Header { name, value, told });
        }
        Ok(Self(headers))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn described(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|header| &*header.told)
    }

    pub(super) fn write(&self, headers: &mut HeaderMap) -> Result<(), Fault> {
        for header in &self.0 {
            let added = headers.try_append(&header.name, header.value.clone());
            added.map_err(|_| Fault::usage("there are more headers than a request can have"))?;
        }
        Ok(())
    }
}

/// The credential in `Authorization` where a provider looks there, which most do, or else where the first
/// of them looks that names a header.
fn placed(providers: &[ProviderDescription], credential: &str) -> Result<Header, Fault> {
    let places = || providers.iter().flat_map(ProviderDescription::places);
    let is_usual =
        |place: &&PlaceDescription| matches!(place, PlaceDescription::Authorization { .. });
    for place in places().filter(is_usual).chain(places()) {
        let (name, value) = match place {
            PlaceDescription::Authorization { scheme } => {
                (header::AUTHORIZATION, format!("{scheme} {credential}"))
            }
            PlaceDescription::Header { name } => (name.clone(), credential.to_owned()),
            _ => continue,
        };
        return Ok(Header {
            name,
            value: header_value("--credential", value)?,
            told: place.to_string(),
        });
    }
    Err(Fault::failed(
        "no provider that is asked reads a credential in a header: leave --credential out, or show it \
         with --header",
    ))
}

fn header_value(option: &str, text: String) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::try_from(text).map_err(|_| {
        Fault::failed(format!(
            "{option} holds a character that no header can carry"
        ))
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn no_header() -> Fault {
    Fault::usage("--header is no header: write it as 'Name: value'")
}

/// Where credentials are read, standard input once.
#[derive(Default)]
struct Input {
    is_read: bool,
}

impl Input {
    /// Reads a credential. Nothing of the text is repeated: it may be the credential itself.
    fn read(&mut self, option: &str, from: &str) -> Result<String, Fault> {
        let credential = if from == "-" {
            if std::mem::replace(&mut self.is_read, true) {
                return Err(Fault::usage(
                    "standard input holds one credential: read the other one from env:NAME or file:PATH",
                ));
            }
            read_all(option, io::stdin().lock())?
        } else if let Some(name) = from.strip_prefix("env:") {
            env::var(name).map_err(|_| {
                Fault::failed(format!(
                    "the environment variable that {option} names is not there, or is not UTF-8"
                ))
            })?
        } else if let Some(path) = from.strip_prefix("file:") {
            let file = File::open(path).map_err(|error| {
                Fault::failed(format!(
                    "the file that {option} names cannot be read: {error}"
                ))
            })?;
            read_all(option, file)?
        } else {
            return Err(Fault::usage(format!(
                "{option} takes no credential itself, because other users can read command lines: write - \
                 (standard input), env:NAME or file:PATH"
            )));
        };
        // A line break at its end is the file's.
        let credential = credential.trim_end_matches(['\r', '\n']);
        match credential.is_empty() {
            true => Err(Fault::failed(format!("{option} reads nothing there"))),
            false => Ok(credential.to_owned()),
        }
    }
}

fn read_all(option: &str, from: impl Read) -> Result<String, Fault> {
    let mut text = String::new();
    let read = from.take(LONGEST + 1).read_to_string(&mut text);
    read.map_err(|error| Fault::failed(format!("{option} cannot be read: {error}")))?;
    match u64::try_from(text.len()) {
        Ok(len) if len <= LONGEST => Ok(text),
        _ => Err(Fault::failed(format!(
            "{option} reads more than {LONGEST} bytes, which is no credential"
        ))),
    }
}

/// Whoever reads them: what stands there is a credential.
static ALWAYS_SECRET: [HeaderName; 3] = [
    header::AUTHORIZATION,
    header::COOKIE,
    header::PROXY_AUTHORIZATION,
];
/// Longer than any layer takes.
const LONGEST: u64 = 128 * 1024;
