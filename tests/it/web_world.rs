//! The world of the web tests: a household in a temporary folder, and the real router around it.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use keepwell::household::{Beginning, Household};
use keepwell::import::Limits;
use keepwell::vault::Vault;
use keepwell::web::{App, Options, router};
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;

pub(crate) const PASSPHRASE: &str = "four words make a good one";

/// A server, not listening: requests go straight into its router.
pub(crate) struct World {
    pub(crate) app: Arc<App>,
    pub(crate) chart: String,
    /// Ruth's recovery key.
    pub(crate) recovery: String,
    dir: tempfile::TempDir,
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("")
    }

    /// The session cookie that it sets, as the next request sends it.
    pub(crate) fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap_or("").to_owned()
    }
}

pub(crate) fn options() -> Options {
    Options {
        base_url: None,
        trusted_proxies: Vec::new(),
        tls: None,
        limits: Limits::default(),
        worker: "/nonexistent".into(),
        idle: Duration::from_secs(900),
        fresh: Duration::from_secs(600),
        backups: keepwell::web::BackupPlan::default(),
    }
}

impl World {
    /// Nobody here yet.
    pub(crate) fn empty(options: Options) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let vault = Vault::create(&dir.path().join("vault")).expect("a vault");
        let app = App::new(Household::new(Arc::new(vault)), options).expect("a server");
        Self { app, chart: String::new(), recovery: String::new(), dir }
    }

    /// Ruth, who signs in, and her chart.
    pub(crate) fn new(options: Options) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let household = Household::new(Arc::new(Vault::create(&dir.path().join("vault")).expect("a vault")));
        let beginning =
            Beginning { member: "Ruth", passphrase: PASSPHRASE, person: "Ruth Carver", birth_date: "1954-03-14", sex: "female" };
        let (who, recovery) = household.begin(&beginning).expect("a beginning");
        let chart = household.charts(&who).expect("charts")[0].0.id.clone();
        let app = App::new(household, options).expect("a server");
        Self { app, chart, recovery, dir }
    }

    /// The vault's folder.
    pub(crate) fn vault(&self) -> std::path::PathBuf {
        self.dir.path().join("vault")
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = router(Arc::clone(&self.app)).oneshot(request).await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        let body = axum::body::to_bytes(response.into_body(), 64 << 20).await.expect("a body").to_vec();
        Answer { status, headers, body }
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send(plain("GET", path, cookie, "")).await
    }

    pub(crate) async fn post(&self, path: &str, cookie: &str, form: &str) -> Answer {
        self.send(plain("POST", path, cookie, form)).await
    }

    /// Signs in; gives the cookie.
    pub(crate) async fn sign_in(&self) -> String {
        let answer = self.post("/sign-in", "", &format!("name=Ruth&passphrase={}", PASSPHRASE.replace(' ', "+"))).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        answer.cookie()
    }

    pub(crate) async fn send_file(&self, cookie: &str, name: &str, bytes: &[u8]) -> Answer {
        let mut body = format!("--X\r\ncontent-disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n").into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--X--\r\n");
        let mut request = plain("POST", &format!("/charts/{}/add", self.chart), cookie, "");
        request.headers_mut().insert(header::CONTENT_TYPE, "multipart/form-data; boundary=X".parse().expect("a header"));
        *request.body_mut() = Body::from(body);
        self.send(request).await
    }

    /// Uploads one file and waits until it is read; gives the page of the import.
    pub(crate) async fn upload(&self, cookie: &str, name: &str, bytes: &[u8]) -> String {
        let answer = self.send_file(cookie, name, bytes).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        let job = answer.header("location").to_owned();
        for _ in 0..600 {
            let now = self.get(&format!("{job}/progress"), cookie).await;
            if now.status == StatusCode::NO_CONTENT {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the import does not end");
    }
}

pub(crate) fn plain(method: &str, path: &str, cookie: &str, form: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("host", "localhost:8787").header("cookie", cookie);
    let request = if method == "POST" { request.header("content-type", "application/x-www-form-urlencoded") } else { request };
    request.body(Body::from(form.to_owned())).expect("a request")
}
