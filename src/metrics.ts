import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

/** The service's metrics in a registry of their own. No label holds an id, a URL or a tenant. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  return {
    registry,
    notifications: new Counter({
      name: 'relay_notifications_total',
      help: 'Notifications from Graph by what became of them',
      labelNames: ['outcome'],
      registers,
    }),
    receiveSeconds: new Histogram({
      name: 'relay_receive_seconds',
      help: 'Time until a notification was answered',
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 3, 10],
      registers,
    }),
    receiveSlowShare: new Gauge({
      name: 'relay_receive_slow_share',
      help: 'Share of answers of the last ten minutes later than what Graph tolerates (10 % over 3s, 15 % over 10s)',
      labelNames: ['over'],
      registers,
    }),
    deletionsHeld: new Gauge({
      name: 'relay_deletions_held',
      help: 'Recordings whose end a person has to confirm',
      registers,
    }),
    attempts: new Counter({
      name: 'relay_delivery_attempts_total',
      help: 'Attempts of deliveries by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    renewals: new Counter({
      name: 'relay_subscription_renewals_total',
      help: 'Creations and renewals of Graph subscriptions by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    downloadedBytes: new Counter({
      name: 'relay_downloaded_bytes_total',
      help: 'Bytes handed to viewers',
      registers,
    }),
    queueDepth: new Gauge({
      name: 'relay_queue_depth',
      help: 'Entries of the queues by state',
      labelNames: ['queue', 'state'],
      registers,
    }),
    queueOldestSeconds: new Gauge({
      name: 'relay_queue_oldest_due_seconds',
      help: 'Age of the longest due entry that nobody holds',
      labelNames: ['queue'],
      registers,
    }),
    subscriptions: new Gauge({
      name: 'relay_subscriptions',
      help: 'Graph subscriptions by the state of their health',
      labelNames: ['state'],
      registers,
    }),
    subscriptionProofSeconds: new Gauge({
      name: 'relay_subscription_oldest_proof_seconds',
      help: 'Age of the oldest proof that a subscription works',
      registers,
    }),
    sweepShare: new Gauge({
      name: 'relay_recordings_found_by_sweep_share',
      help: 'Share of the recordings of seven days that the sweep found before a notification announced them',
      registers,
    }),
    certificateDays: new Gauge({
      name: 'relay_certificate_days_left',
      help: 'Days until a certificate for encrypted notifications expires',
      labelNames: ['certificate'],
      registers,
    }),
    subscriptionExpirySeconds: new Gauge({
      name: 'relay_subscription_expiry_seconds',
      help: 'Time until the next Graph subscription expires; negative where one has expired',
      registers,
    }),
  }
}
