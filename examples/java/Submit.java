import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Adds a job, and says what became of the command.
 *
 * <pre>java -cp 'lib/*' Submit.java BOOTSTRAP NAMESPACE headers|json JOB_ID TASK TEXT [SCHEDULE]</pre>
 *
 * The payload is TEXT as it is (headers) or as a JSON text (json); SCHEDULE is crontab text, default: once, now. Ends with
 * 0 when the job was added, 1 when it was rejected.
 */
public class Submit {
  static final Duration PATIENCE = Duration.ofSeconds(30);

  public static void main(String[] args) throws Exception {
    String bootstrap = args[0], namespace = args[1], form = args[2], id = args[3], task = args[4], text = args[5];
    String schedule = args.length > 6 ? args[6] : null;
    String commandId = UUID.randomUUID().toString();
    String replies = namespace + ".replies";

    ProducerRecord<String, String> command =
        form.equals("json")
            ? new ProducerRecord<>(namespace + ".commands", id, json(task, text, schedule))
            : new ProducerRecord<>(namespace + ".commands", id, text);
    if (!form.equals("json")) {
      header(command.headers(), "horolog-task", task);
      header(command.headers(), "content-type", "text/plain");
      if (schedule != null) header(command.headers(), "horolog-schedule", schedule);
    }
    // A command id of our own makes it safe to send the same again; the answer is asked for on the usual topic.
    header(command.headers(), "horolog-command-id", commandId);
    header(command.headers(), "horolog-reply-to", replies);

    Map<String, Object> reading =
        Map.of("bootstrap.servers", bootstrap, "key.deserializer", StringDeserializer.class,
            "value.deserializer", StringDeserializer.class);
    Map<String, Object> writing =
        Map.of("bootstrap.servers", bootstrap, "acks", "all", "key.serializer", StringSerializer.class,
            "value.serializer", StringSerializer.class);
    try (var consumer = new KafkaConsumer<String, String>(reading);
        var producer = new KafkaProducer<String, String>(writing)) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (var one : consumer.partitionsFor(replies)) partitions.add(new TopicPartition(replies, one.partition()));
      consumer.assign(partitions);
      consumer.seekToEnd(partitions);
      for (TopicPartition one : partitions) consumer.position(one); // before the command is sent, not at the first poll
      // The default partitioner is the one that Horolog finds jobs by.
      producer.send(command).get();
      String reply = awaitReply(consumer, commandId);
      System.out.println(reply);
      if (reply.contains("\"outcome\":\"rejected\"")) System.exit(1);
    }
  }

  static String awaitReply(KafkaConsumer<String, String> consumer, String commandId) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      for (var record : consumer.poll(Duration.ofSeconds(1))) {
        if (commandId.equals(record.key())) return record.value();
      }
    }
    throw new IllegalStateException("no answer to " + commandId + " within " + PATIENCE.toSeconds() + " s");
  }

  static String json(String task, String text, String schedule) {
    String trigger = schedule == null ? "null" : "{\"type\":\"crontab\",\"expression\":" + quoted(schedule) + "}";
    String job = "{\"task\":" + quoted(task) + ",\"payload\":" + quoted(text) + ",\"trigger\":" + trigger + "}";
    return "{\"type\":\"AddJob\",\"job\":" + job + "}";
  }

  static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') quoted.append('\\').append(c);
      else if (c < ' ') quoted.append(String.format("\\u%04x", (int) c));
      else quoted.append(c);
    }
    return quoted.append('"').toString();
  }

  static void header(Headers headers, String name, String value) {
    headers.add(name, value.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }
}
