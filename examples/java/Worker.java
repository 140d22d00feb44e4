import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Executes runs as a member of an executor's consumer group, at least once, and reports by headers alone.
 *
 * <pre>java -cp 'lib/*' Worker.java BOOTSTRAP NAMESPACE EXECUTOR</pre>
 *
 * One run at a time; start it several times for more. Ends when it is asked to (SIGTERM, Ctrl-C), after the run in hand.
 */
public class Worker {
  static final int REMEMBERED = 10_000;
  static final List<String> TEXTS = List.of("horolog-run-id", "horolog-task", "horolog-delivery");
  static final List<String> NUMBERS = List.of("horolog-attempt", "horolog-partition", "horolog-epoch");
  static final Map<String, Function<String, String>> TASKS =
      Map.of("shout", text -> text.toUpperCase() + "!", "reverse", text -> new StringBuilder(text).reverse().toString());

  final String topic;
  final String reports;
  final String process;
  final KafkaConsumer<byte[], byte[]> consumer;
  final KafkaProducer<byte[], byte[]> producer;

  /** (run id, attempt) of what was executed, the oldest first. */
  final Map<String, Boolean> done =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > REMEMBERED;
        }
      };

  /** By runs partition: by home partition, the highest epoch read. */
  final Map<Integer, Map<String, Long>> epochs = new HashMap<>();

  Worker(String bootstrap, String namespace, String executor) throws Exception {
    topic = namespace + ".runs." + executor;
    reports = namespace + ".reports";
    byte[] id = new byte[16];
    new SecureRandom().nextBytes(id);
    String host = InetAddress.getLocalHost().getHostName();
    process = host + ":" + ProcessHandle.current().pid() + ":" + HexFormat.of().formatHex(id);
    consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", bootstrap, "group.id", namespace + "." + executor, "enable.auto.commit", false,
                "auto.offset.reset", "earliest", "key.deserializer", ByteArrayDeserializer.class,
                "value.deserializer", ByteArrayDeserializer.class));
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrap, "acks", "all", "key.serializer", ByteArraySerializer.class,
                "value.serializer", ByteArraySerializer.class));
  }

  void run() throws Exception {
    consumer.subscribe(
        List.of(topic),
        new ConsumerRebalanceListener() {
          @Override
          public void onPartitionsRevoked(Collection<TopicPartition> partitions) {}

          @Override
          public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            for (TopicPartition one : partitions) epochs.put(one.partition(), new HashMap<>());
          }
        });
    try {
      while (true) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
          take(record);
          // Behind the acknowledged report: what is committed is never run again.
          commit(new TopicPartition(record.topic(), record.partition()), record.offset() + 1);
        }
      }
    } catch (WakeupException asked) {
      consumer.close();
      producer.close();
    }
  }

  void commit(TopicPartition place, long offset) {
    try {
      consumer.commitSync(Map.of(place, new OffsetAndMetadata(offset)));
    } catch (CommitFailedException | RebalanceInProgressException changing) {
      // Whoever has the partition next may run this once more.
      System.err.println(place + " could not be committed: " + changing.getMessage());
    }
  }

  void take(ConsumerRecord<byte[], byte[]> record) throws Exception {
    Map<String, String> run = new HashMap<>();
    for (Header header : record.headers())
      if (header.value() != null) run.put(header.key(), new String(header.value(), UTF_8));
    if (!isRun(run)) {
      System.err.println(record.partition() + "/" + record.offset() + " is no run");
      return;
    }
    String attempt = run.get("horolog-run-id") + " " + run.get("horolog-attempt");
    if (done.containsKey(attempt) || isOvertaken(record.partition(), run)) return;
    execute(record, run);
    done.put(attempt, true);
  }

  static boolean isRun(Map<String, String> headers) {
    return TEXTS.stream().allMatch(headers::containsKey)
        && NUMBERS.stream().allMatch(name -> headers.getOrDefault(name, "").matches("[0-9]{1,15}"));
  }

  /** A paused owner may send late what a later one has decided again. */
  boolean isOvertaken(int partition, Map<String, String> run) {
    Map<String, Long> seen = epochs.computeIfAbsent(partition, one -> new HashMap<>());
    long epoch = Long.parseLong(run.get("horolog-epoch"));
    return seen.merge(run.get("horolog-partition"), epoch, Math::max) > epoch;
  }

  void execute(ConsumerRecord<byte[], byte[]> record, Map<String, String> run) throws Exception {
    String startBefore = run.get("horolog-start-before");
    Function<String, String> task = TASKS.get(run.get("horolog-task"));
    if (run.get("horolog-delivery").equals("at-most-once") || run.containsKey("horolog-heartbeat-ms"))
      report(record, run, "failed", "this worker asks for no grants and sends no heartbeats");
    else if (startBefore != null && Instant.now().isAfter(Instant.parse(startBefore))) report(record, run, "missed", null);
    else if (task == null) report(record, run, "unknown-task", null);
    else {
      try {
        String payload = record.value() == null ? "" : new String(record.value(), UTF_8);
        report(record, run, "succeeded", task.apply(payload));
      } catch (RuntimeException error) {
        report(record, run, "failed", String.valueOf(error.getMessage()));
      }
    }
  }

  /** The value is the result, or what went wrong. Returns when the broker has it. */
  void report(ConsumerRecord<byte[], byte[]> record, Map<String, String> run, String outcome, String said)
      throws Exception {
    int home = Integer.parseInt(run.get("horolog-partition"));
    byte[] value = said == null ? null : said.getBytes(UTF_8);
    ProducerRecord<byte[], byte[]> report = new ProducerRecord<>(reports, home, record.key(), value);
    for (String name : List.of("horolog-run-id", "horolog-attempt", "horolog-token"))
      if (run.containsKey(name)) report.headers().add(name, run.get(name).getBytes(UTF_8));
    report.headers().add("horolog-outcome", outcome.getBytes(UTF_8));
    report.headers().add("horolog-executor", process.getBytes(UTF_8));
    producer.send(report).get();
  }

  public static void main(String[] args) throws Exception {
    Worker worker = new Worker(args[0], args[1], args[2]);
    Thread main = Thread.currentThread();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  worker.consumer.wakeup();
                  try {
                    main.join();
                  } catch (InterruptedException gone) {
                    Thread.currentThread().interrupt();
                  }
                }));
    System.out.println(worker.process + " executes " + String.join(", ", TASKS.keySet()));
    worker.run();
  }
}
