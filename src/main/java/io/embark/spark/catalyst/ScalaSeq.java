package io.embark.spark.catalyst;

import java.util.ArrayList;
import java.util.List;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/** Conversions between Java's lists and the Scala sequences of Spark's plans and expressions. */
public final class ScalaSeq {
  private ScalaSeq() {}

  /** A copy as an immutable Scala list. */
  public static <T> Seq<T> of(List<? extends T> list) {
    List<T> same = List.copyOf(list);
    return JavaConverters.asScalaBuffer(same).toList();
  }

  @SafeVarargs
  @SuppressWarnings("varargs")
  public static <T> Seq<T> of(T... elements) {
    return of(List.of(elements));
  }

  /** The elements of both, in order. */
  public static <T> Seq<T> concat(Seq<? extends T> first, Seq<? extends T> second) {
    List<T> both = new ArrayList<>(toJava(first));
    both.addAll(toJava(second));
    return of(both);
  }

  /** A view of a Scala sequence. */
  public static <T> List<T> toJava(Seq<T> seq) {
    return JavaConverters.seqAsJavaList(seq);
  }
}
