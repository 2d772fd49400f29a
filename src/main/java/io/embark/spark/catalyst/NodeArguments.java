package io.embark.spark.catalyst;

import java.util.Arrays;
import scala.Product;

/**
 * A node of a plan or expression as the product of its constructor's arguments, which Scala's case
 * classes are by themselves. Catalyst copies nodes by calling the constructor with them, hashes
 * them, and finds nodes that compute the same by {@code equals}.
 */
public interface NodeArguments extends Product {

  /** The arguments of the public constructor, all of them and in its order. */
  Object[] arguments();

  @Override
  default int productArity() {
    return arguments().length;
  }

  @Override
  default Object productElement(int index) {
    return arguments()[index];
  }

  @Override
  default boolean canEqual(Object other) {
    return getClass().isInstance(other);
  }

  /** The value of a node's {@code equals}, which an interface cannot define. */
  static boolean equal(NodeArguments node, Object other) {
    return node == other
        || (node.canEqual(other)
            && Arrays.equals(node.arguments(), ((NodeArguments) other).arguments()));
  }
}
