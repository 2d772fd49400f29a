package io.embark.spark.wire;

import java.io.Serializable;
import java.lang.ref.SoftReference;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/** A value that is sent once to each executor, as bytes, and read once there for all tasks. */
public final class Sent<T> implements Serializable {
  private static final long serialVersionUID = 1;

  private static final Map<String, SoftReference<Object>> READ = new ConcurrentHashMap<>();

  // Not the broadcast's own number: those of two contexts in one JVM are the same.
  private final String id = UUID.randomUUID().toString();
  private final Broadcast<byte[]> bytes;

  /** Tasks ask for every row. */
  private transient T value;

  private Sent(Broadcast<byte[]> bytes) {
    this.bytes = bytes;
  }

  /** Sends a value that is {@code Serializable} throughout. */
  public static <T> Sent<T> of(JavaSparkContext context, T value) {
    return new Sent<>(context.broadcast(Packed.of(value)));
  }

  /** The value; every task of a JVM gets the same object as long as memory allows. */
  public T value() {
    if (value == null) {
      value = ofThisJvm();
    }
    return value;
  }

  @SuppressWarnings("unchecked")
  private T ofThisJvm() {
    READ.values().removeIf(reference -> reference.get() == null);
    Object[] found = new Object[1];
    READ.compute(
        id,
        (key, known) -> {
          found[0] = known == null ? null : known.get();
          if (found[0] != null) {
            return known;
          }
          found[0] = Packed.read(bytes.value());
          return new SoftReference<>(found[0]);
        });
    return (T) found[0];
  }

  /** Lets go of the bytes on all executors. */
  public void destroy() {
    READ.remove(id);
    bytes.destroy();
  }
}
