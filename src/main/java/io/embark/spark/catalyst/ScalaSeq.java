package io.embark.spark.catalyst;

import java.util.List;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/** Between Java's lists and Scala's, as Spark's own plans and expressions take them. */
public final class ScalaSeq {
  private ScalaSeq() {}

  /** A copy as an immutable Scala list. */
  public static <T> Seq<T> of(List<? extends T> list) {
    List<T> same = List.copyOf(list);
    return JavaConverters.asScalaBuffer(same).toList();
  }

  /** A view of a Scala sequence. */
  public static <T> List<T> toJava(Seq<T> seq) {
    return JavaConverters.seqAsJavaList(seq);
  }
}
