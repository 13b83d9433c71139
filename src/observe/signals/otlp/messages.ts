import protobuf from "protobufjs";

/**
 * What is read of opentelemetry-proto 1.x (collector/metrics/v1, metrics/v1, common/v1, resource/v1) and of
 * google.rpc.Status; decoders skip fields that are not here.
 */
const SCHEMA = `
syntax = "proto3";
message ExportRequest { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeMetrics { repeated Metric metrics = 2; }
message Metric {
  string name = 1;
  oneof data {
    Gauge gauge = 5;
    Sum sum = 7;
    Histogram histogram = 9;
    Histogram10 exponential_histogram = 10;
    Gauge summary = 11;
  }
}
enum AggregationTemporality {
  AGGREGATION_TEMPORALITY_UNSPECIFIED = 0;
  AGGREGATION_TEMPORALITY_DELTA = 1;
  AGGREGATION_TEMPORALITY_CUMULATIVE = 2;
}
message Gauge {}
message Sum {
  repeated NumberPoint data_points = 1;
  AggregationTemporality aggregation_temporality = 2;
  bool is_monotonic = 3;
}
message Histogram { repeated HistogramPoint data_points = 1; AggregationTemporality aggregation_temporality = 2; }
message Histogram10 { repeated HistogramPoint10 data_points = 1; AggregationTemporality aggregation_temporality = 2; }
message NumberPoint {
  fixed64 start_time_unix_nano = 2;
  fixed64 time_unix_nano = 3;
  oneof value { double as_double = 4; sfixed64 as_int = 6; }
  repeated KeyValue attributes = 7;
  uint32 flags = 8;
}
message HistogramPoint {
  fixed64 start_time_unix_nano = 2;
  fixed64 time_unix_nano = 3;
  fixed64 count = 4;
  repeated KeyValue attributes = 9;
  uint32 flags = 10;
}
message HistogramPoint10 {
  repeated KeyValue attributes = 1;
  fixed64 start_time_unix_nano = 2;
  fixed64 time_unix_nano = 3;
  fixed64 count = 4;
  uint32 flags = 10;
}
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
message ExportResponse { PartialSuccess partial_success = 1; }
message PartialSuccess { int64 rejected_data_points = 1; string error_message = 2; }
message Status { int32 code = 1; string message = 2; }
`;

const { root } = protobuf.parse(SCHEMA);

export const ExportRequest = root.lookupType("ExportRequest");
export const ExportResponse = root.lookupType("ExportResponse");
export const Status = root.lookupType("Status");

/** As `toObject` gives it: what was not sent is not there. */
export interface WireRequest {
  readonly resourceMetrics?: readonly {
    readonly resource?: { readonly attributes?: readonly WireAttribute[] };
    readonly scopeMetrics?: readonly { readonly metrics?: readonly WireMetric[] }[];
  }[];
}

export interface WireMetric {
  readonly name?: string;
  readonly sum?: WirePoints & { readonly isMonotonic?: boolean };
  readonly histogram?: WirePoints;
  readonly exponentialHistogram?: WirePoints;
}

export interface WirePoints {
  readonly dataPoints?: readonly WirePoint[];
  readonly aggregationTemporality?: number;
}

export interface WirePoint {
  readonly startTimeUnixNano?: number;
  readonly timeUnixNano?: number;
  readonly asDouble?: number;
  readonly asInt?: number;
  readonly count?: number;
  readonly attributes?: readonly WireAttribute[];
  readonly flags?: number;
}

export interface WireAttribute {
  readonly key?: string;
  readonly value?: {
    readonly stringValue?: string;
    readonly boolValue?: boolean;
    readonly intValue?: number;
    readonly doubleValue?: number;
  };
}
