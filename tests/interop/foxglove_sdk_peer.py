"""A server of Foxglove's own SDK, set up as tests/system/foxglove-sdk.test.ts sets up ours, told what to say on stdin."""

import base64
import json
import sys

import foxglove
from foxglove import Channel, Schema
from foxglove.websocket import (
    Capability,
    ConnectionGraph,
    MessageSchema,
    Parameter,
    ServerListener,
    Service,
    ServiceSchema,
    StatusLevel,
)

setup = json.loads(sys.stdin.readline())


class Listener(ServerListener):
    def on_get_parameters(self, client, param_names, request_id=None):
        known = setup["parameters"]
        names = param_names or list(known)
        return [Parameter(name, value=known[name]) for name in names if name in known]

    def on_message_data(self, client, client_channel_id, data):
        print(json.dumps({"heard": base64.b64encode(data).decode()}), flush=True)


def schema(name, text):
    return MessageSchema(encoding="cdr", schema=Schema(name=name, encoding="ros2msg", data=text.encode()))


def trigger(request):
    if request.service_name == "/fails":
        raise RuntimeError("no arm")
    return base64.b64decode(setup["response"])


of_trigger = ServiceSchema(
    "std_srvs/srv/Trigger",
    request=schema("std_srvs/srv/Trigger_Request", ""),
    response=schema("std_srvs/srv/Trigger_Response", "bool success\nstring message"),
)
server = foxglove.start_server(
    name=setup["name"],
    host="127.0.0.1",
    port=0,
    capabilities=[
        Capability.ClientPublish,
        Capability.ConnectionGraph,
        Capability.Parameters,
        Capability.Services,
        Capability.Time,
    ],
    server_listener=Listener(),
    supported_encodings=["json", "cdr"],
    services=[Service(name, schema=of_trigger, handler=trigger) for name in ("/arm", "/fails")],
    session_id="1",
)
channels = {
    topic: Channel(topic, message_encoding="cdr", schema=Schema(name=name, encoding="ros2msg", data=text.encode()))
    for topic, name, text in setup["channels"]
}
print(json.dumps({"port": server.port}), flush=True)

for line in sys.stdin:
    order = json.loads(line)
    if "log" in order:
        channels[order["topic"]].log(base64.b64decode(order["log"]), log_time=int(order["time"]))
    elif "time" in order:
        server.broadcast_time(order["time"])
    elif "status" in order:
        server.publish_status(order["status"], StatusLevel.Warning, "link")
    elif "clear" in order:
        server.remove_status([order["clear"]])
    elif "graph" in order:
        graph = ConnectionGraph()
        for topic, publishers, readers in order["graph"]:
            graph.set_published_topic(topic, publishers)
            graph.set_subscribed_topic(topic, readers)
        for name in ("/arm", "/fails"):
            graph.set_advertised_service(name, [setup["name"]])
        server.publish_connection_graph(graph)
    print(json.dumps({"done": True}), flush=True)
server.stop()
