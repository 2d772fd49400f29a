package io.embark.spark;

import java.util.List;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/** Between Java's lists and Scala's, as Spark's own plans and expressions take them. */
final class ScalaSeq {
  private ScalaSeq() {}

  /** A copy as an immutable Scala list. */
  static <T> Seq<T> of(List<? extends T> list) {
    List<T> same = List.copyOf(list);
    return JavaConverters.asScalaBuffer(same).toList();
  }

  /** A view of a Scala sequence. */
  static <T> List<T> toJava(Seq<T> seq) {
    return JavaConverters.seqAsJavaList(seq);
  }
}
