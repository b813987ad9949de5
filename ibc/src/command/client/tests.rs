use super::*;
use std::collections::VecDeque;

/// Answers with what is queued, and counts.
struct Queue(VecDeque<u16>, Vec<Task>);

impl Executor for Queue {
    fn execute(&mut self, task: &Task) -> u16 {
        self.1.push(task.clone());
        self.0.pop_front().expect("a command that was not to be executed")
    }
}

fn executor(statuses: &[u16]) -> Queue {
    Queue(statuses.iter().copied().collect(), vec![])
}

fn client() -> CommandClient {
    let own = EntityId::parse(EntityKind::Ae, "//sp.example.com/CSE1/C1").unwrap();
    CommandClient::new(Fqdn::parse("mef.example.com").unwrap(), vec![own])
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::from_seconds(seconds)
}

fn ibc(id: u32, status: u16) -> Vec<u8> {
    ibc_for(id, status, "https://mef.example.com/ibc", 3, "//sp.example.com/CSE1/C1")
}

fn ibc_for(id: u32, status: u16, uri: &str, kind: u16, subject: &str) -> Vec<u8> {
    let arguments = format!(r#"{{"ipca":{{"uri":"{uri}","sty":{kind},"sid":"{subject}"}}}}"#);
    command(id, status, 4, &arguments)
}

fn command(id: u32, status: u16, class: u16, arguments: &str) -> Vec<u8> {
    format!(r#"{{"cmid":"{id}","cmst":{status},"cmds":{{"cmci":{class},"cmar":{arguments}}}}}"#).into_bytes()
}

fn no_more(id: u32) -> Vec<u8> {
    command(id, 10, 0, r#"{"nmca":{"rdur":"PT1H"}}"#)
}

fn reported(step: Step) -> (String, u16) {
    match step {
        Step::Report(report) => (report.id, report.status),
        other => std::panic!("{other:?} is no report"),
    }
}

#[test]
fn commands_are_executed_and_reported_until_there_are_no_more() {
    let (mut client, mut executor) = (client(), executor(&[20, 110]));
    assert!(client.retrieve(at(0)));
    assert_eq!(reported(client.receive(&ibc(1, 10), at(0), &mut executor)), ("1".into(), 20));
    // a failure is reported too, and the answer to a report holds the next command
    assert_eq!(reported(client.receive(&ibc(2, 10), at(1), &mut executor)), ("2".into(), 110));
    assert_eq!(client.receive(&no_more(3), at(2), &mut executor), Step::WaitUntil(at(3_602)));
    assert_eq!(executor.1.len(), 2);
    assert!(!client.retrieve(at(3_601)));
    assert!(client.retrieve(at(3_602)));
}

#[test]
fn nothing_is_retrieved_before_a_report_nor_beside_another_retrieval() {
    let (mut client, mut executor) = (client(), executor(&[20]));
    assert!(client.retrieve(at(0)));
    assert!(!client.retrieve(at(59)));
    assert!(client.retrieve(at(60)));
    client.receive(&ibc(1, 10), at(61), &mut executor);
    assert!(!client.retrieve(at(100_000)));
    client.receive(&no_more(2), at(62), &mut executor);
    assert!(client.retrieve(at(62 + 3_600)));
}

#[test]
fn a_lost_report_is_repeated_without_executing_again() {
    let (mut client, mut executor) = (client(), executor(&[20]));
    client.retrieve(at(0));
    client.receive(&ibc(1, 10), at(0), &mut executor);
    client.lost();
    assert!(client.retrieve(at(1)));
    assert_eq!(reported(client.receive(&ibc(1, 11), at(1), &mut executor)), ("1".into(), 20));
    assert_eq!(executor.1.len(), 1);
}

#[test]
fn a_repeated_command_id_is_reported_and_not_executed() {
    let (mut client, mut executor) = (client(), executor(&[20]));
    client.retrieve(at(0));
    client.receive(&ibc(1, 10), at(0), &mut executor);
    assert_eq!(reported(client.receive(&ibc(1, 10), at(1), &mut executor)), ("1".into(), 40));
    assert_eq!(executor.1.len(), 1);
}

#[test]
fn commands_out_of_order_are_reported_with_the_reason() {
    let certificate = r#"{"cpca":{"cpp":1,"uri":"https://mef.example.com/est","cst":3,"csi":"x"}}"#;
    let object = r#"{"mnca":{"obp":"/node/1","oti":1,"otsa":{"suid":22}}}"#;
    for (body, status) in [
        (command(1, 10, 1, certificate), 41),
        (command(1, 10, 2, r#"{"dcca":{"dcu":"x:https://mef.example.com/dm"}}"#), 42),
        (command(1, 10, 2, r#"{"dcca":{"dcu":"1:https://mef.example.org/dm"}}"#), 43),
        (command(1, 10, 77, "{}"), 41),
        (command(1, 10, 4, "{}"), 42),
        (command(1, 10, 4, r#"{"ipca":{"uri":7}}"#), 42),
        (command(1, 10, 4, object), 42),
        (command(1, 10, 3, r#"{"mnca":{"obp":"/node/1","oti":9}}"#), 42),
        (command(1, 10, 3, r#"{"mnca":{"obp":"/node/1","oti":1}}"#), 302),
        (command(1, 10, 3, r#"{"mnca":{"obp":"/node/1","oti":1,"otsa":{"suid":99}}}"#), 302),
        (ibc_for(1, 10, "https://other.example.com/ibc", 3, "//sp.example.com/CSE1/C1"), 43),
        (ibc_for(1, 10, "http://mef.example.com/ibc", 3, "//sp.example.com/CSE1/C1"), 43),
        (ibc_for(1, 10, "https://MEF.example.com/ibc", 1, "//sp.example.com/CSE1/C1"), 42),
        (ibc_for(1, 10, "https://mef.example.com/ibc", 2, "//sp.example.com/CSE1/C1"), 42),
        (ibc_for(1, 10, "https://mef.example.com/ibc", 3, "//sp.example.com/CSE1/C2"), 43),
    ] {
        let (mut client, mut executor) = (client(), executor(&[]));
        client.retrieve(at(0));
        let text = String::from_utf8_lossy(&body).into_owned();
        assert_eq!(reported(client.receive(&body, at(0), &mut executor)), ("1".into(), status), "{text}");
    }
    let (mut client, mut executor) = (client(), executor(&[304]));
    client.retrieve(at(0));
    assert_eq!(reported(client.receive(&command(1, 10, 3, object), at(0), &mut executor)), ("1".into(), 304));
    assert!(matches!(&executor.1[..], [Task::Object { usage: Some(SecurityUsage::RspfSaef), .. }]));
}

#[test]
fn what_is_not_understood_may_be_retrieved_again() {
    for body in [
        &b"{}"[..],
        b"not json",
        br#"{"cmid":"1","cmst":10,"cmds":{"cmci":0,"cmar":{"nmca":{"rdur":"soon"}}}}"#,
    ] {
        let (mut client, mut executor) = (client(), executor(&[]));
        client.retrieve(at(0));
        assert_eq!(client.receive(body, at(0), &mut executor), Step::NotUnderstood);
        assert!(client.retrieve(at(1)));
    }
}

#[test]
fn success_of_another_procedure_cancels_the_timer_and_de_registration_ends_it() {
    let (mut client, mut executor) = (client(), executor(&[]));
    for procedure in
        [Procedure::Registration, Procedure::ConfigurationRetrieval, Procedure::RegistrationUpdate]
    {
        client.retrieve(at(0));
        client.receive(&no_more(1), at(0), &mut executor);
        assert!(!client.retrieve(at(1)));
        client.succeeded(procedure);
        assert!(client.retrieve(at(1)), "{procedure:?}");
        client.lost();
    }
    client.receive(&no_more(1), at(0), &mut executor);
    client.succeeded(Procedure::DeRegistration);
    assert!(!client.retrieve(at(1_000_000)));
    client.lost();
    assert!(!client.retrieve(at(1_000_000)));
}

#[test]
fn a_wait_of_nothing_is_a_second_and_one_of_a_century_a_month() {
    for (wait, until) in [("PT0S", 1_001), ("PT1S", 1_001), ("PT2S", 1_002), ("P100Y", 1_000 + 30 * 86_400)] {
        let mut client = client();
        assert!(client.retrieve(at(1_000)));
        let none = command(1, 10, 0, &format!(r#"{{"nmca":{{"rdur":"{wait}"}}}}"#));
        assert_eq!(
            client.receive(&none, at(1_000), &mut executor(&[])),
            Step::WaitUntil(at(until)),
            "{wait}"
        );
        assert!(!client.retrieve(at(1_000)), "{wait}");
    }
}
