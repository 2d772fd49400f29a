package io.embark.input.gate;

import java.util.Arrays;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.util.CaseInsensitiveMap$;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import scala.collection.JavaConverters;
import scala.collection.immutable.Map;
import scala.collection.immutable.Map$;
import scala.reflect.ClassTag$;

/** What Spark hands to its file formats, from Java. */
public final class Options {
  private Options() {}

  /** The options with one more, instead of one of that name in any case. */
  public static Map<String, String> with(Map<String, String> options, String key, String value) {
    java.util.Map<String, String> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    all.putAll(JavaConverters.mapAsJavaMap(options));
    all.put(key, value);
    return scala(all);
  }

  /** The value of an option by its name in any case. */
  public static String get(Map<String, String> options, String key, String otherwise) {
    return CaseInsensitiveMap$.MODULE$.apply(options).get(key).getOrElse(() -> otherwise);
  }

  public static Map<String, String> scala(java.util.Map<String, String> options) {
    Map<String, String> all = Map$.MODULE$.empty();
    for (java.util.Map.Entry<String, String> each : options.entrySet()) {
      all = all.updated(each.getKey(), each.getValue());
    }
    return all;
  }

  public static StructType without(StructType schema, String name) {
    return new StructType(
        Arrays.stream(schema.fields())
            .filter(field -> !field.name().equals(name))
            .toArray(StructField[]::new));
  }

  public static Broadcast<SerializableConfiguration> broadcast(
      SparkSession spark, Configuration hadoop) {
    return spark
        .sparkContext()
        .broadcast(
            new SerializableConfiguration(hadoop),
            ClassTag$.MODULE$.apply(SerializableConfiguration.class));
  }

  /** Throws an exception as it is, though it may not be declared. */
  @SuppressWarnings("unchecked")
  public static <E extends Exception> RuntimeException same(Exception e) throws E {
    throw (E) e;
  }
}
