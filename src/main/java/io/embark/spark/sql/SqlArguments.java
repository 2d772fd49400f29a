package io.embark.spark.sql;

import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StringType;

/**
 * The arguments of one call, as its builder gets them: constants are read here, the rest is left.
 */
record SqlArguments(String function, String usage, List<Expression> arguments) {

  /** Refuses another number of arguments. */
  void require(int least, int most) {
    if (arguments.size() < least || arguments.size() > most) {
      throw SqlRefusal.refuse(
          "%s takes %s arguments, found %d. Usage: %s"
              .formatted(
                  function,
                  least == most ? String.valueOf(least) : least + " to " + most,
                  arguments.size(),
                  usage));
    }
  }

  int count() {
    return arguments.size();
  }

  Expression get(int index) {
    return arguments.get(index);
  }

  /** A constant string. */
  String text(int index, String name) {
    String value = textOrNull(index, name);
    if (value == null) {
      throw notConstant(index, name, "string");
    }
    return value;
  }

  /** A constant string or a constant NULL. */
  String textOrNull(int index, String name) {
    if (!isConstant(index, StringType.class) && !isConstant(index, NullType.class)) {
      throw notConstant(index, name, "string");
    }
    Object value = get(index).eval(InternalRow.empty());
    return value == null ? null : value.toString();
  }

  /** A constant true or false. */
  boolean flag(int index, String name) {
    if (!isConstant(index, BooleanType.class)) {
      throw notConstant(index, name, "boolean");
    }
    return Boolean.TRUE.equals(get(index).eval(InternalRow.empty()));
  }

  private boolean isConstant(int index, Class<? extends DataType> type) {
    Expression argument = get(index);
    return argument.resolved() && argument.foldable() && type.isInstance(argument.dataType());
  }

  private RuntimeException notConstant(int index, String name, String type) {
    return SqlRefusal.refuse(
        "%s: %s must be a constant %s, the same for all rows; found %s. Usage: %s"
            .formatted(function, name, type, get(index).sql(), usage));
  }
}
