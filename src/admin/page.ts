import { html } from 'hono/html'
import type { Recording } from '../domain/recording.ts'
import type { QueueStats } from '../store/store.ts'
import type { Health } from './health.ts'

type Html = ReturnType<typeof html>

const STYLE = html`<style>
  :root { color-scheme: light dark; --line: light-dark(#d9dce3, #33373f); --soft: light-dark(#5d6470, #a2a8b4); }
  body { margin: 0; font: 15px/1.5 system-ui, sans-serif; background: light-dark(#f6f7f9, #14161a); color: light-dark(#1b1e24, #e8e8ea); }
  main { max-width: 76rem; margin: 0 auto; padding: 1.5rem; }
  header { display: flex; align-items: baseline; gap: 1rem; }
  h1 { font-size: 1.3rem; margin: 0; } h2 { font-size: 1.05rem; margin: 2rem 0 0.5rem; }
  table { width: 100%; border-collapse: collapse; background: light-dark(#fff, #1b1e24); }
  th, td { text-align: left; padding: 0.45rem 0.7rem; border: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
  time { white-space: nowrap; }
  th { overflow-wrap: normal; font-weight: 600; color: var(--soft); font-size: 0.85rem; }
  td.number { text-align: right; font-variant-numeric: tabular-nums; }
  .pill { padding: 0.05rem 0.55rem; border-radius: 1rem; font-size: 0.85rem; white-space: nowrap; }
  .good { background: light-dark(#d9f2df, #1d4328); } .bad { background: light-dark(#fbdcdc, #5a2323); }
  .acts form { display: inline; margin: 0; }
  .soft { color: var(--soft); } form { margin: 0 0 0 auto; }
  button, input { font: inherit; padding: 0.35rem 0.8rem; border-radius: 6px; border: 1px solid var(--line); }
  .card { max-width: 22rem; margin: 12vh auto; padding: 1.5rem; background: light-dark(#fff, #1b1e24); border: 1px solid var(--line); border-radius: 8px; }
  .card input, .card button { display: block; width: 100%; box-sizing: border-box; margin-top: 0.6rem; }
</style>`

function layout(title: string, content: Html) {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><link rel="icon" href="data:,">${STYLE}
</head>
<body><main>${content}</main></body>
</html>`
}

export function signInPage(message: string | null) {
  return layout(
    'Sign in · Recording Relay',
    html`<form class="card" method="post" action="/admin/sign-in">
      <h1>Recording Relay</h1>
      ${message ? html`<p role="alert">${message}</p>` : ''}
      <label for="key">Admin key</label>
      <input id="key" name="key" type="password" autocomplete="current-password" required autofocus>
      <button>Sign in</button>
    </form>`,
  )
}

export interface Overview {
  health: Health
  review: Recording[]
  /** Recordings whose end a person has to confirm. */
  held: Recording[]
  recent: Recording[]
  dead: DeadLetter[]
  now: number
}

export interface DeadLetter {
  id: string
  queue: 'inbox' | 'deliveries'
  what: string
  lastError: string | null
  updatedAt: string
}

export function overviewPage({ health, review, held, recent, dead, now }: Overview) {
  return layout(
    'Recording Relay',
    html`<header>
      <h1>Recording Relay</h1>
      ${pill(health.status, health.status === 'ok')}
      <form method="post" action="/admin/sign-out"><button>Sign out</button></form>
    </header>
    ${held.length > 0 ? heldTable(held, now) : ''}
    ${subscriptionTable(health, now)} ${certificateTable(health)} ${queueTable(health)} ${dead.length > 0 ? deadTable(dead, now) : ''}
    ${recordingTable('Recordings that need a person', review, 'No recording waits for a decision.')}
    ${recordingTable('Latest recordings', recent, 'No recording was found yet.')}`,
  )
}

const MOST_SHOWN = 100

function subscriptionTable({ subscriptions, subscriptionStates, sweep }: Health, now: number) {
  const rows = subscriptions.slice(0, MOST_SHOWN).map(
    ({ kind, resource, state, reason, whatToDo, expiresAt, provenAt, lastNotificationAt, lastVisitAt }) => html`<tr>
      <td>${kind}<br><span class="soft">${resource}</span></td>
      <td>${pill(state, state === 'healthy')}${state === 'healthy' ? '' : html`<br>${reason}<br><b>${whatToDo}</b>`}</td>
      <td>${provenAt ? fromNow(provenAt, now) : 'never'}</td>
      <td>${lastNotificationAt ? fromNow(lastNotificationAt, now) : 'never'}</td>
      <td>${lastVisitAt ? fromNow(lastVisitAt, now) : '–'}</td>
      <td>${expiresAt ? fromNow(expiresAt, now) : '–'}</td>
    </tr>`,
  )
  const states = Object.entries(subscriptionStates).filter(([, count]) => count > 0)
  return html`<h2>Subscriptions</h2>
    <p>${states.map(([state, count]) => html`${pill(`${count} ${state}`, state === 'healthy')} `)}
      Recordings of seven days: ${sweep.recordings}; found by the sweep before anything announced them:
      ${sweep.foundBySweep} (${Math.round(sweep.share * 100)} %).</p>
    <table>
      <tr><th>What is watched</th><th>State</th><th>Last proof</th><th>Last notification</th><th>Last look</th><th>Expires</th></tr>
      ${rows.length > 0 ? rows : html`<tr><td colspan="6" class="soft">Nothing is watched yet.</td></tr>`}
    </table>
    ${subscriptions.length > MOST_SHOWN ? html`<p class="soft">And ${subscriptions.length - MOST_SHOWN} more.</p>` : ''}`
}

function certificateTable({ certificates }: Health) {
  if (certificates.length === 0) return ''
  const rows = certificates.map(
    ({ id, daysLeft, usedBy, warning }) => html`<tr>
      <td>${id.slice(0, 16)}</td>
      <td>${pill(`${daysLeft} days left`, warning === null)}${warning ? html`<br>${warning}` : ''}</td>
      <td>${usedBy > 0 ? `${usedBy} subscription(s)` : 'nothing: it may go once no notification waits for it'}</td>
    </tr>`,
  )
  return html`<h2>Certificates</h2>
    <table><tr><th>Certificate</th><th>State</th><th>Used by</th></tr>${rows}</table>`
}

function queueTable({ inbox, deliveries }: Health) {
  const row = (name: string, { active, done, dead, oldestDueMs }: QueueStats) => html`<tr>
    <td>${name}</td><td class="number">${active}</td><td class="number">${done}</td>
    <td class="number">${dead > 0 ? pill(String(dead), false) : 0}</td>
    <td class="number">${Math.round(oldestDueMs / 1000)} s</td>
  </tr>`
  return html`<h2>Queues</h2>
    <table>
      <tr><th>Queue</th><th>Waiting</th><th>Done</th><th>Dead letters</th><th>Oldest due</th></tr>
      ${row('Inbox', inbox)} ${row('Deliveries', deliveries)}
    </table>`
}

function heldTable(held: Recording[], now: number) {
  const rows = held.map(
    ({ id, title, heldSince, ownerEmail }) => html`<tr>
      <td>${title}<br><span class="soft">${id}</span></td>
      <td>${ownerEmail ?? '–'}</td>
      <td>${heldSince ? fromNow(heldSince, now) : '–'}</td>
      <td class="acts">${act(`/admin/recordings/${id}/restore`, 'Look again')}
        ${act(`/admin/recordings/${id}/confirm-deletion`, 'It is gone')}</td>
    </tr>`,
  )
  return html`<h2>Are these files gone?</h2>
    <p>OneDrive reported more deletions at once than are believed without asking. Nothing was withdrawn yet.</p>
    <table>
      <tr><th>Recording</th><th>Organizer</th><th>Reported</th><th></th></tr>
      ${rows}
    </table>`
}

function deadTable(dead: DeadLetter[], now: number) {
  const rows = dead.map(
    ({ id, queue, what, lastError, updatedAt }) => html`<tr>
      <td>${queue === 'inbox' ? 'Inbox' : 'Delivery'}: ${what}</td>
      <td>${lastError ?? '–'}</td>
      <td>${fromNow(updatedAt, now)}</td>
      <td class="acts">${act(`/admin/${queue}/${id}/retry`, 'Try again')}</td>
    </tr>`,
  )
  return html`<h2>Dead letters</h2>
    <table>
      <tr><th>What</th><th>Why it was given up</th><th>When</th><th></th></tr>
      ${rows}
    </table>`
}

function act(path: string, label: string) {
  return html`<form method="post" action="${path}"><button>${label}</button></form>`
}

function recordingTable(title: string, recordings: Recording[], none: string) {
  const rows = recordings.map(
    ({ id, title: name, status, startedAt, ownerEmail, conferenceId, match }) => html`<tr>
      <td>${name}<br><span class="soft">${id}</span></td>
      <td>${status}</td>
      <td>${startedAt ?? '–'}</td>
      <td>${ownerEmail ?? '–'}</td>
      <td>${
        conferenceId ??
        match.candidates.map(
          (candidate) =>
            html`${candidate.conferenceId} (${candidate.confidence}): ${candidate.evidence.join(', ')}<br>`,
        )
      }</td>
    </tr>`,
  )
  return html`<h2>${title}</h2>
    <table>
      <tr><th>Recording</th><th>Status</th><th>Began</th><th>Organizer</th><th>Conference</th></tr>
      ${rows.length > 0 ? rows : html`<tr><td colspan="5" class="soft">${none}</td></tr>`}
    </table>`
}

function pill(text: string, good: boolean) {
  return html`<span class="pill ${good ? 'good' : 'bad'}">${text}</span>`
}

function fromNow(instant: string, now: number) {
  const minutes = Math.round((Date.parse(instant) - now) / 60_000)
  const size = Math.abs(minutes)
  if (size === 0) return html`<time datetime="${instant}" title="${instant}">now</time>`
  const length =
    size < 120 ? `${size} min` : size < 2_880 ? `${Math.round(size / 60)} h` : `${Math.round(size / 1_440)} days`
  return html`<time datetime="${instant}" title="${instant}">${minutes < 0 ? `${length} ago` : `in ${length}`}</time>`
}
