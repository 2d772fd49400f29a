package io.embark.cli.doctor;

import io.embark.cli.Slots;
import io.embark.cli.doctor.DoctorReport.Finding;
import io.embark.cli.doctor.DoctorReport.Place;
import io.embark.spark.wire.Packed;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.BlockManagerId;
import scala.Tuple2;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.reflect.ClassTag$;

/**
 * Runs a task once on every executor and, where Spark hands out GPUs, once for every address. The
 * first round has a task for each slot, and each keeps its slot until its executor is done; those
 * not reached by then get tasks that name them.
 */
final class DoctorRounds {
  private static final int ROUNDS = 3;

  private final SparkContext context;
  private final Map<String, Place> places = new LinkedHashMap<>();

  /** Why executors were not reached, or empty. */
  private String trouble = "";

  DoctorRounds(SparkContext context) {
    this.context = context;
  }

  /** One place for each executor and address reached, by executor. */
  List<Place> run(DoctorTask task) {
    List<Integer> slots = IntStream.range(0, Slots.of(context)).boxed().toList();
    JavaSparkContext java = JavaSparkContext.fromSparkContext(context);
    for (int round = 0; round < ROUNDS; round++) {
      Map<String, String> missing = missing();
      if (round > 0 && missing.isEmpty()) {
        break;
      }
      try {
        collect(round == 0 ? java.parallelize(slots, slots.size()) : on(missing), task);
      } catch (RuntimeException e) {
        // Not the end of the report: those that were reached by now have theirs.
        trouble = Finding.reason(e);
      }
    }
    missing()
        .forEach(
            (executor, host) -> {
              Place place = new Place(executor, host, "");
              String value = trouble.isEmpty() ? "no task ran there" : trouble;
              String wayOut =
                  "See the log of this executor; its slots may be taken by another job.";
              place.check("reached", () -> Finding.failed(value, wayOut));
              places.putIfAbsent(place.name(), place);
            });
    return places.values().stream()
        .sorted(
            Comparator.comparingInt((Place place) -> place.executor.length())
                .thenComparing(Place::name))
        .toList();
  }

  private void collect(JavaRDD<Integer> slots, DoctorTask task) {
    long before = System.currentTimeMillis();
    List<Place> found = new ArrayList<>();
    slots
        .map(slot -> Packed.of(task.call()))
        .collect()
        .forEach(place -> found.add(Packed.read(place)));
    long after = System.currentTimeMillis();
    found.removeIf(Objects::isNull);
    for (Place place : found) {
      place.check("clock", () -> clock(place.clock, before, after));
      places.putIfAbsent(place.name(), place);
    }
  }

  /** A clock is right if it stands between the driver's times of asking and of being answered. */
  private static Finding clock(long there, long before, long after) {
    long off = Math.max(before - there, there - after);
    return off <= 5_000
        ? Finding.ok("as the driver's")
        : Finding.warning(
            "%d s off the driver's".formatted(off / 1000),
            "Set the time (NTP): object stores refuse requests of another time.");
  }

  /** Executors that have registered, with their hosts, but were not reached. */
  private Map<String, String> missing() {
    Map<String, String> executors = executors(context);
    places.values().forEach(place -> executors.remove(place.executor));
    return executors;
  }

  /** Hosts by executor; the driver counts only where it does the work itself. */
  static Map<String, String> executors(SparkContext context) {
    Map<String, String> executors = new TreeMap<>();
    var known = context.env().blockManager().master().getMemoryStatus();
    for (BlockManagerId id : JavaConverters.mapAsJavaMap(known).keySet()) {
      if (context.isLocal() || !id.isDriver()) {
        executors.put(id.executorId(), id.host());
      }
    }
    return executors;
  }

  /** As many tasks for each executor as it has slots. */
  private JavaRDD<Integer> on(Map<String, String> executors) {
    int each =
        Slots.ofExecutor(context.getConf(), Slots.present(context), executors(context).size());
    List<Tuple2<Integer, Seq<String>>> tasks = new ArrayList<>();
    for (String executor : new TreeSet<>(executors.keySet())) {
      // How Spark writes a place that is one executor.
      List<String> at = List.of("executor_" + executors.get(executor) + "_" + executor);
      for (int i = 0; i < each; i++) {
        tasks.add(new Tuple2<>(tasks.size(), JavaConverters.asScalaBuffer(at).toList()));
      }
    }
    return context
        .makeRDD(
            JavaConverters.asScalaBuffer(tasks).toList(), ClassTag$.MODULE$.apply(Integer.class))
        .toJavaRDD();
  }
}
