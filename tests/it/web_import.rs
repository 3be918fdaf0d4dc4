//! Pages of an import that asks: several people in a file, and files that came in while the chart was locked.

use crate::web_world::{World, options};
use axum::http::StatusCode;
use std::time::Duration;

const TWO: &str = r#"{"resourceType":"Bundle","type":"collection","entry":[
 {"resource":{"resourceType":"Patient","id":"a","name":[{"given":["Ruth"],"family":"Quill"}],"birthDate":"1954-03-14"}},
 {"resource":{"resourceType":"Patient","id":"b","name":[{"given":["Walter"],"family":"<Rowe>"}],"birthDate":"1951-01-02"}},
 {"resource":{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"Potassium"},"subject":{"reference":"Patient/a"},"effectiveDateTime":"2026-11-20"}},
 {"resource":{"resourceType":"Observation","id":"o2","status":"final","code":{"text":"Sodium"},"subject":{"reference":"Patient/b"},"effectiveDateTime":"2026-11-20"}}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn of_several_people_one_can_be_chosen_by_a_button() {
    let world = World::new(options());
    let cookie = world.sign_in().await;
    let job = world.upload(&cookie, "two.json", TWO.as_bytes()).await;
    let page = world.get(&job, &cookie).await.text();
    for words in [
        "Ruth Quill, born 14 March 1954",
        "Walter &lt;Rowe&gt;, born 2 January 1951",
        "This is Ruth",
        "value=\"Patient/b\"",
        "Do not add it",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("--accept-identity"), "{page}");
    world.post(&job, &cookie, "act=accept&file=0&patient=Patient%2Fa").await;
    wait(&world, &job, &cookie).await;
    let end = world.get(&job, &cookie).await;
    assert!(end.header("location").contains("/sources/"), "{}", end.text());
    let home = world.get(&format!("/charts/{}/timeline", world.chart), &cookie).await.text();
    assert!(home.contains("Potassium") && !home.contains("Sodium"), "{home}");
}

async fn wait(world: &World, job: &str, cookie: &str) {
    for _ in 0..200 {
        if world.get(&format!("{job}/progress"), cookie).await.status == StatusCode::NO_CONTENT {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the import does not end");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_in_while_the_chart_was_locked_is_there_after_signing_in() {
    let world = World::new(options());
    let seal = |name: &str, text: &str| {
        let about = keepwell::vault::inbox::About { name: name.to_owned(), ..Default::default() };
        keepwell::vault::inbox::seal(&world.vault(), &world.chart, &about, &mut text.as_bytes()).unwrap();
    };
    seal("visit.json", &TWO.replace("Quill", "Carver"));
    seal("rita.json", &TWO.replace("Ruth", "Rita"));
    let cookie = world.sign_in().await;
    let sources = format!("/charts/{}/sources", world.chart);
    let mut page = String::new();
    for _ in 0..200 {
        page = world.get(&sources, &cookie).await.text();
        if page.contains("1 file came in") && page.contains("In the inbox") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(page.contains("1 file came in while the chart was locked") && page.contains("visit.json"), "{page}");
    assert!(page.contains("In the inbox, not in the chart") && page.contains("Rita Quill"), "{page}");
    assert!(world.get(&format!("/charts/{}/add", world.chart), &cookie).await.text().contains("Rita Quill"));
    let file = page.split("name=\"file\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let inbox = format!("/charts/{}/inbox", world.chart);
    assert_eq!(world.post(&inbox, &cookie, "act=discard&file=..%2Frecords&patient=").await.status, StatusCode::NOT_FOUND);
    let answer = world.post(&inbox, &cookie, &format!("act=accept&file={file}&patient=Patient%2Fa")).await;
    assert!(answer.header("location").ends_with("?done"), "{}", answer.text());
    assert!(!world.get(&sources, &cookie).await.text().contains("In the inbox"));
}
