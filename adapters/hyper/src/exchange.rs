//! One request: sent, and sent once more if its connection proves to be dead and that is safe.

use std::future::Future;
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use latebind_tokio::Priority;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::client::{Inner, RequestBody};
use crate::connect::Connect;
use crate::connection::Sender;
use crate::failed::{Failed, Verdict};
use crate::lease::Loan;
use crate::outgoing::Outgoing;
use crate::peers::Spoken;
use crate::upload::Sent;
use crate::{Error, Origin, ResponseBody};

/// How often a request is sent in all. Reused connections that prove to be dead do not count, since they become fewer, as
/// long as they do so within the time that a response may take.
const ATTEMPTS: u32 = 5;

/// A request that is made again goes before those of its kind.
const AGAIN: Priority = Priority::HIGHEST;

/// How many requests the dials at once to a peer whose connections are shared are for. A few more than these find room, too,
/// or dial when the first of them are done.
const DIALED_FOR: u32 = 64;

/// A limit of zero would mean: now or never.
const INSTANT: Duration = Duration::from_millis(1);

pub(crate) async fn exchange<C: Connect, B: RequestBody>(
    client: Arc<Inner<C, B>>,
    request: Request<B>,
) -> Result<Response<ResponseBody>, Error> {
    let request = Outgoing::new(request, &client)?;
    let mut waited = None;
    let mut attempts = 0;
    let mut began = None;
    loop {
        let mut loan = connection(&client, &request, &mut waited).await?;
        let began = *began.get_or_insert(loan.lent());
        let sent = request.attempt(loan.connection())?;
        let failed = match send(&client, &mut loan, &request, sent).await {
            Ok(Ok(response)) => return Ok(finish(&client, loan, &request, response)),
            Ok(Err(failed)) => failed,
            Err(error) => {
                loan.waited_in_vain();
                return Err(error);
            }
        };
        let verdict = Verdict::of(&failed, &loan, &request);
        if verdict.concerns_all {
            loan.drain();
        }
        attempts += u32::from(!verdict.was_dead_before);
        let limit = client.settings.response_timeout.filter(|_| verdict.was_dead_before);
        let is_late = limit.is_some_and(|limit| began.elapsed() > limit);
        if !verdict.permits(&request) || attempts == ATTEMPTS || is_late {
            return Err(Error::Exchange(failed.into_error()));
        }
    }
}

/// A connection that takes requests; one that has said goodbye meanwhile is passed over. A request that has `waited` for
/// one before has had its turn, and goes on with what is left of its time.
async fn connection<C: Connect, B: RequestBody>(
    client: &Arc<Inner<C, B>>,
    request: &Outgoing<B>,
    waited: &mut Option<Duration>,
) -> Result<Loan<C, B>, Error> {
    loop {
        let mut get = client.pool.get(&request.origin);
        if let Some(dials) = client.dials_for_all(&request.origin) {
            get = get.max_dials(dials);
        }
        if let Some(waited) = *waited {
            get = get.priority(AGAIN);
            if let Some(limit) = client.settings.request_timeout {
                get = get.timeout(limit.saturating_sub(waited).max(INSTANT));
            }
        }
        let asked = Instant::now();
        let lease = get.await.map_err(Error::Connection)?;
        let lent = Instant::now();
        *waited = Some(waited.unwrap_or_default() + (lent - asked));
        if matches!(lease.sender, Sender::Http1(..)) {
            // A request that was under way may have limited the dials of those who still wait.
            client.end_stale_limit(&request.origin);
        }
        if let Some(loan) = Loan::new(client, lease, lent) {
            return Ok(loan);
        }
    }
}

type Answer<B> = Result<Response<Incoming>, Failed<B>>;

/// Sends the request; an error if no head of a response comes in time.
async fn send<C: Connect, B: RequestBody>(
    client: &Inner<C, B>,
    loan: &mut Loan<C, B>,
    request: &Outgoing<B>,
    sent: Request<Sent<B>>,
) -> Result<Answer<B>, Error> {
    match &mut loan.connection_mut().sender {
        Sender::Http1(sender, handover) => {
            let answering = {
                let _entered = handover.enter().await;
                sender.try_send_request(sent)
            };
            in_time(client, request, answering).await
        }
        Sender::Http2(sender, streams) => {
            let answering = {
                let _entered = streams.handover().enter().await;
                sender.try_send_request(sent)
            };
            let answer = in_time(client, request, answering).await;
            if matches!(answer, Ok(Ok(_))) {
                streams.answered();
            }
            answer
        }
    }
}

/// Waits for the answer, as long as the peer may be silent.
async fn in_time<C: Connect, B: RequestBody>(
    client: &Inner<C, B>,
    request: &Outgoing<B>,
    answering: impl Future<Output = Answer<B>>,
) -> Result<Answer<B>, Error> {
    let Some(limit) = client.settings.response_timeout else { return Ok(answering.await) };
    let began = Instant::now();
    let mut answering = pin!(answering);
    let mut due = began + limit;
    loop {
        match select(answering, pin!(client.sleep_until(due))).await {
            Either::Left((answer, _)) => return Ok(answer),
            Either::Right(((), unfinished)) => answering = unfinished,
        }
        // While the request's body has nothing to be sent, the peer keeps nobody waiting.
        let peers_turn = request.upload.as_ref().map_or(Some(began), |upload| upload.peers_turn());
        due = peers_turn.unwrap_or_else(Instant::now) + limit;
        if due <= Instant::now() {
            return Err(Error::ResponseTimeout(limit));
        }
    }
}

impl<C: Connect, B: RequestBody> Inner<C, B> {
    /// How many dials at once are enough for all who wait, where connections will be shared (R18): as many as it takes for
    /// the streams, mostly one, and one in case that another hangs.
    fn dials_for_all(&self, origin: &Origin) -> Option<NonZeroU32> {
        if !self.settings.keep_alive {
            // Each connection serves one request.
            return None;
        }
        if !self.settings.is_http2_only && self.end_stale_limit(origin) != Some(Spoken::Http2) {
            return None;
        }
        let streams = self.limits.known(origin).unwrap_or(DIALED_FOR);
        Some(NonZeroU32::MIN.saturating_add(DIALED_FOR.div_ceil(streams)))
    }

    /// A peer that does not speak HTTP/2 any more has as many dials as the others. Returns what it speaks, as far as is
    /// known.
    fn end_stale_limit(&self, origin: &Origin) -> Option<Spoken> {
        let spoken = self.peers.spoken(origin);
        if spoken == Some(Spoken::NotAnyMore) {
            self.pool.limit_dials(origin, None);
        }
        spoken
    }

    /// On the pool's runtime, wherever the request is polled.
    fn sleep_until(&self, due: Instant) -> Sleep {
        let _entered = self.runtime.enter();
        sleep_until(due)
    }
}

fn finish<C: Connect, B: RequestBody>(
    client: &Inner<C, B>,
    mut loan: Loan<C, B>,
    request: &Outgoing<B>,
    response: Response<Incoming>,
) -> Response<ResponseBody> {
    let (mut head, incoming) = response.into_parts();
    loan.connection().about.connected.get_extras(&mut head.extensions);
    head.extensions.insert(loan.source());
    loan.answered(request.upload.as_ref());
    let body_timeout = client.settings.body_timeout;
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        loan.upgraded();
        return Response::from_parts(head, ResponseBody::new(incoming, None, body_timeout));
    }
    Response::from_parts(head, ResponseBody::new(incoming, Some(Box::new(loan)), body_timeout))
}
