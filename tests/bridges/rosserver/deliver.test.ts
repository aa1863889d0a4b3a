import { describe, expect, it } from 'vitest';
import { serve, subscribe } from './serving.ts';

const STRING = 'std_msgs/String';
const from = { id: 3 };

describe('a message of a client of another server of ours', () => {
  it('reaches who listens, and our own handler, as one of a client here would', async () => {
    const { server, client } = await serve();
    const heard: unknown[] = [];
    server.onPublish('/takeover', STRING, (message, { id }) => heard.push({ message, id }));
    const c = await client();
    c.send(subscribe('/cmd', STRING), subscribe('/takeover', STRING));
    await c.settled();
    server.deliver('/cmd', STRING, { data: 'go' }, from);
    server.deliver('takeover', 'std_msgs/msg/String', { data: 'mine' }, from);
    await c.settled();
    expect(c.published).toEqual([{ data: 'go' }, { data: 'mine' }]);
    expect(heard).toEqual([{ message: { data: 'mine' }, id: 3 }]);
  });

  it('is no topic that stays, where nobody listens', async () => {
    const { server, client } = await serve();
    server.deliver('/cmd', STRING, { data: 'go' }, from);
    const { values } = await (await client()).call('/rosapi/topics');
    expect((values as { topics: string[] }).topics).not.toContain('/cmd');
  });

  it('is refused a topic that is ours, one of another type, and one that may not be published', async () => {
    const { server } = await serve({ allow: { publish: ['/o*'] } });
    server.publish('/ours', STRING, { data: '' });
    server.onPublish('/only', STRING, () => {});
    const deliver = (topic: string, type: string) => () => server.deliver(topic, type, { data: '' }, from);
    expect(deliver('/ours', STRING)).toThrow('topic /ours is published here');
    expect(deliver('/only', 'std_msgs/Float64')).toThrow(
      'topic /only is std_msgs/msg/String, not std_msgs/msg/Float64',
    );
    expect(deliver('/cmd', STRING)).toThrow('topic /cmd may not be published');
  });
});
