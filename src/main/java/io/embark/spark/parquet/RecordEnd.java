package io.embark.spark.parquet;

import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;

/** A record consumer that passes everything on, and runs something before each record ends. */
final class RecordEnd extends RecordConsumer {
  private final RecordConsumer consumer;
  private final Runnable beforeEnd;

  RecordEnd(RecordConsumer consumer, Runnable beforeEnd) {
    this.consumer = consumer;
    this.beforeEnd = beforeEnd;
  }

  @Override
  public void startMessage() {
    consumer.startMessage();
  }

  @Override
  public void endMessage() {
    beforeEnd.run();
    consumer.endMessage();
  }

  @Override
  public void startField(String field, int index) {
    consumer.startField(field, index);
  }

  @Override
  public void endField(String field, int index) {
    consumer.endField(field, index);
  }

  @Override
  public void startGroup() {
    consumer.startGroup();
  }

  @Override
  public void endGroup() {
    consumer.endGroup();
  }

  @Override
  public void addInteger(int value) {
    consumer.addInteger(value);
  }

  @Override
  public void addLong(long value) {
    consumer.addLong(value);
  }

  @Override
  public void addBoolean(boolean value) {
    consumer.addBoolean(value);
  }

  @Override
  public void addBinary(Binary value) {
    consumer.addBinary(value);
  }

  @Override
  public void addFloat(float value) {
    consumer.addFloat(value);
  }

  @Override
  public void addDouble(double value) {
    consumer.addDouble(value);
  }

  @Override
  public void flush() {
    consumer.flush();
  }
}
