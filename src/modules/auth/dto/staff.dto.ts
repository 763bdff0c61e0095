import { ApiProperty } from '@nestjs/swagger';
import { Email, OneOf, Text } from '#libs/http';
import { encodeId } from '#libs/ids';
import { PASSWORD_MAX, PASSWORD_MIN } from '../password-policy.js';
import { type Permission, PERMISSIONS, ROLE_PERMISSIONS, ROLES, type Role } from '../permissions.js';
import type { StaffMember } from '../staff.service.js';

/** A new member of staff. */
export class CreateStaffRequest {
  @Email({ example: 'robin@emporium.example' })
  email: string;
  @Text(200, { example: 'Robin Weaver' })
  name: string;
  @Text(PASSWORD_MAX, {
    description: `at least ${PASSWORD_MIN} characters; any will do, except what is guessed first`,
    example: 'velvet-otter-lantern-quartz-318',
  })
  password: string;
  @OneOf(ROLES, { description: 'what they may do', example: 'support' })
  role: Role;
}

/** A member of staff. */
export class StaffResponse {
  @ApiProperty({ example: 'usr_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ example: 'robin@emporium.example' })
  email: string;
  @ApiProperty({ example: 'Robin Weaver' })
  name: string;
  @ApiProperty({ enum: ROLES })
  role: Role;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'since when they may not enter' })
  suspendedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;

  static from(member: StaffMember): StaffResponse {
    return {
      id: encodeId('user', member.id),
      email: member.email,
      name: member.name,
      role: member.role,
      suspendedAt: member.suspendedAt?.toISOString() ?? null,
      createdAt: member.createdAt.toISOString(),
    };
  }
}

/** Who asks, and what they may do. */
export class MeResponse extends StaffResponse {
  @ApiProperty({ enum: PERMISSIONS, isArray: true })
  permissions: Permission[];

  static override from(member: StaffMember): MeResponse {
    return Object.assign(StaffResponse.from(member), { permissions: [...ROLE_PERMISSIONS[member.role]] });
  }
}
