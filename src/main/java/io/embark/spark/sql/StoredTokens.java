package io.embark.spark.sql;

import io.embark.UserError;
import io.embark.pooling.Pooling;
import io.embark.pooling.TokenStates;
import java.util.Arrays;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.IntegerType;

/** Token states of one row as Spark holds them, pooled. */
final class StoredTokens {
  private StoredTokens() {}

  /**
   * Pools the states of one row.
   *
   * @param mask null for all tokens
   * @return the vector, or null if there is no token
   * @throws UserError if the states are ragged, hold nulls, or are not as many as the mask's flags
   */
  static float[] pool(ArrayData states, ArrayData mask, DataType maskType, Pooling pooling) {
    int length = states.numElements();
    if (mask != null && mask.numElements() != length) {
      throw new UserError(
          "pool_tokens: %d token states, but a mask of %d; wanted one flag per token."
              .formatted(length, mask.numElements()));
    }
    long[] attended = attended(length, mask, maskType);
    if (Arrays.stream(attended).noneMatch(flag -> flag != 0)) {
      return null;
    }
    int hiddenSize = state(states, 0).numElements();
    if (hiddenSize == 0) {
      throw new UserError("pool_tokens: the token states have no values.");
    }
    float[] hidden = new float[Math.multiplyExact(length, hiddenSize)];
    for (int token = 0; token < length; token++) {
      ArrayData state = state(states, token);
      if (state.numElements() != hiddenSize) {
        throw new UserError(
            ("pool_tokens: token 0 has %d values and token %d has %d; wanted as many for every"
                    + " token.")
                .formatted(hiddenSize, token, state.numElements()));
      }
      for (int h = 0; h < hiddenSize; h++) {
        if (state.isNullAt(h)) {
          throw new UserError(
              "pool_tokens: value %d of token %d is null (counted from 0).".formatted(h, token));
        }
        hidden[token * hiddenSize + h] = state.getFloat(h);
      }
    }
    return pooling.pool(new TokenStates(hidden, attended, null, 1, length, hiddenSize), 0);
  }

  private static ArrayData state(ArrayData states, int token) {
    if (states.isNullAt(token)) {
      throw new UserError(
          "pool_tokens: the state of token %d is null (counted from 0).".formatted(token));
    }
    return states.getArray(token);
  }

  private static long[] attended(int length, ArrayData mask, DataType maskType) {
    long[] attended = new long[length];
    for (int token = 0; token < length; token++) {
      if (mask == null) {
        attended[token] = 1;
      } else if (mask.isNullAt(token)) {
        throw new UserError(
            "pool_tokens: flag %d of the mask is null (counted from 0).".formatted(token));
      } else {
        attended[token] = isSet(mask, token, ((ArrayType) maskType).elementType()) ? 1 : 0;
      }
    }
    return attended;
  }

  private static boolean isSet(ArrayData mask, int token, DataType flag) {
    if (flag instanceof BooleanType) {
      return mask.getBoolean(token);
    }
    return flag instanceof IntegerType ? mask.getInt(token) != 0 : mask.getLong(token) != 0;
  }
}
