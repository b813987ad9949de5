//! A MEF or MAF that answers as a test says, which ours would not.

use eccsi_sakke::onem2m::Fqdn;
use ibc::tls::{Psk, PskAnswer, PskSuites, ServerContext, TlsStream};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Response status code and content, for method and path, and the number of such requests before it.
type Answer = dyn Fn(&str, usize) -> (u16, String) + Send + Sync;

pub(crate) struct Hostile {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
    ids: Arc<Mutex<Vec<String>>>,
}

impl Hostile {
    /// `keys` by PSK identity.
    pub(crate) fn start(
        name: &str,
        keys: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static,
        answer: impl Fn(&str, usize) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let resolver = move |identity: &str| Psk::new(keys(identity)?).ok().map(PskAnswer::new);
        let names = [Fqdn::parse(name).unwrap()];
        let context = ServerContext::tls(names).suites(PskSuites::default()).psk(Arc::new(resolver));
        let context = context.build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let ids: Arc<Mutex<Vec<String>>> = Arc::default();
        let (answer, log): (Arc<Answer>, _) = (Arc::new(answer), (Arc::clone(&asked), Arc::clone(&ids)));
        std::thread::spawn(move || {
            for tcp in listener.incoming() {
                let (context, answer, log) = (context.clone(), Arc::clone(&answer), log.clone());
                std::thread::spawn(move || {
                    if let Ok(stream) = context.accept(tcp.unwrap(), Duration::from_secs(10)) {
                        let _ = serve(stream, &*answer, (&log.0, &log.1)); // the client is gone
                    }
                });
            }
        });
        Self { address, asked, ids }
    }

    /// The request identifiers, in the order in which they came.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.ids.lock().unwrap().clone()
    }

    /// How often this was asked: method and path.
    pub(crate) fn count(&self, request: &str) -> usize {
        count(&self.asked.lock().unwrap(), request)
    }
}

fn count(asked: &[String], request: &str) -> usize {
    asked.iter().filter(|other| *other == request).count()
}

fn serve(
    stream: TlsStream,
    answer: &Answer,
    (log, ids): (&Mutex<Vec<String>>, &Mutex<Vec<String>>),
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut head, mut id, mut length) = (String::new(), String::new(), 0);
        if stream.read_line(&mut head)? == 0 {
            return Ok(());
        }
        loop {
            let mut line = String::new();
            stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "x-m2m-ri" => id = value.to_owned(),
                "content-length" => length = value.parse().unwrap(),
                _ => {}
            }
        }
        stream.read_exact(&mut vec![0; length])?;
        let request = head.rsplit_once(' ').unwrap().0.to_owned();
        ids.lock().unwrap().push(id.clone());
        let before = {
            let mut log = log.lock().unwrap();
            let before = count(&log, &request);
            log.push(request.clone());
            before
        };
        let (code, content) = answer(&request, before);
        let status = match code {
            2001 => 201,
            2000..=2999 => 200,
            4004 => 404,
            4103 => 403,
            _ => 500,
        };
        let length = content.len();
        write!(
            stream.get_mut(),
            "HTTP/1.1 {status} X\r\nX-M2M-RI: {id}\r\nX-M2M-RSC: {code}\r\nX-M2M-RVI: 4\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{content}"
        )?;
        stream.get_mut().flush()?;
    }
}
